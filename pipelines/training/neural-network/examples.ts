import type { FeatureColumn, Target } from "../../data/table.ts";
import { type Design, designOf } from "../linear/design.ts";
import type { DesignEncoding } from "../linear/encoding.ts";

/** A standardised number further out than this is taken to be this far: one wild value shall not drown all others. */
export const FURTHEST = 100;

/** Inputs of a network for an encoding: its columns without the intercept, which the layers have themselves. */
export function inputWidth(encoding: DesignEncoding): number {
  return encoding.width - 1;
}

/** Writes rows of features as inputs of the network. */
export interface RowEncoder {
  rows: number;
  width: number;
  /** Fills `out` [chosen.length, width], which is all 0, with the chosen rows. */
  fill(out: Float32Array, chosen: Int32Array): void;
}

/** Binds an encoding to columns, matched by name. */
export function rowEncoder(encoding: DesignEncoding, features: readonly FeatureColumn[]): RowEncoder {
  const design = designOf(encoding, features);
  const width = inputWidth(encoding);
  return {
    rows: design.rows,
    width,
    fill(out, chosen) {
      for (let i = 0; i < chosen.length; i++) fillRow(out, i * width, design, chosen[i]!);
    },
  };
}

function fillRow(out: Float32Array, at: number, { numbers, categories }: Design, row: number): void {
  for (const { values, encoding } of numbers) {
    const value = values[row]!;
    if (Number.isFinite(value)) {
      const z = (value - encoding.mean) * encoding.scale;
      out[at + encoding.column - 1] = Math.max(-FURTHEST, Math.min(FURTHEST, z));
    } else if (encoding.missing !== null) out[at + encoding.missing - 1] = 1;
  }
  for (const { codes, columnOf } of categories) {
    const column = columnOf[codes[row]!] ?? -1;
    if (column >= 0) out[at + column - 1] = 1;
  }
}

/** All rows in their order. */
export function inOrder(rows: number): Int32Array {
  return Int32Array.from({ length: rows }, (_, row) => row);
}

/** How a regression target becomes the number the network learns: (y - mean) / deviation. */
export interface TargetScale {
  mean: number;
  /** 0 when all targets are equal: then the prediction is the mean, whatever the network says. */
  deviation: number;
}

/** Learns the scale of a regression target; safe for values whose squares a float64 cannot hold. */
export function targetScale(values: Float64Array): TargetScale {
  let largest = 0;
  for (const value of values) largest = Math.max(largest, Math.abs(value));
  const unit = largest || 1;
  let sum = 0;
  for (const value of values) sum += value / unit;
  const mean = sum / values.length;
  let squares = 0;
  for (const value of values) squares += (value / unit - mean) ** 2;
  const equal = values.every((value) => value === values[0]);
  if (equal) return { mean: values[0]!, deviation: 0 };
  return { mean: mean * unit, deviation: Math.sqrt(squares / values.length) * unit };
}

/** What the loss compares with: standardised targets, or codes of classes. */
export function targetsOf(target: Target, scale: TargetScale): Float32Array {
  if (target.task === "classification") return Float32Array.from(target.codes);
  return Float32Array.from(target.values, (value) =>
    scale.deviation > 0 ? (value - scale.mean) / scale.deviation : 0,
  );
}

/** The weight of each class in the loss: equal, or such that all classes that occur have the same sum and the mean over rows is 1. */
export function classWeights(target: Target, balanced: boolean): Float32Array | null {
  if (target.task === "regression" || !balanced) return null;
  const counts = new Float64Array(target.classes.length);
  for (const code of target.codes) counts[code]!++;
  const present = counts.filter((count) => count > 0).length;
  return Float32Array.from(counts, (count) => (count > 0 ? target.codes.length / (present * count) : 0));
}
