import type { FeatureColumn } from "../../data/table.ts";
import type { Predictions, TrainedModel } from "../trainer.ts";
import { probeRows, rowAt } from "./probe.ts";
import { type ModelSignature, openModel } from "./session.ts";

/** How far the ONNX file is from the trainer's own predictions, and on how many rows that was measured. */
export interface Parity {
  maxRelative: number;
  rows: number;
}

const TOLERANCE = 1e-4;
// Runtimes may flush float32 below its normal range (1e-38) to zero.
const SMALLEST = 1e-33;

/**
 * Proves that what was trained is what ships: scores up to 20,000 rows, and rows with missing and unseen values, with
 * the trainer's own `predict` and with ONNX Runtime. The difference is relative to max(|a|, mean |a| of the
 * given rows), for probabilities to 1. Throws Error, a bug of the trainer, when it exceeds 1e-4 anywhere or a score is not a number.
 */
export async function checkParity(
  model: TrainedModel,
  features: readonly FeatureColumn[],
  signature: ModelSignature,
): Promise<Parity> {
  const probe = probeRows(features);
  const own = model.predict(probe.features);
  const shipped = await score(model.onnx, probe.features, signature);
  const floor = own.classes.length > 0 ? 1 : typicalSize(own.values.subarray(0, probe.given));
  const { maxRelative, at } = largestDifference(own, shipped, floor);
  if (!(maxRelative <= TOLERANCE)) throw new Error(explain(own, shipped, at, probe.features));
  return { maxRelative, rows: own.rows };
}

async function score(onnx: Uint8Array, features: readonly FeatureColumn[], signature: ModelSignature) {
  const session = await openModel(onnx, signature);
  try {
    return await session.predict(features);
  } finally {
    await session.close();
  }
}

function largestDifference(own: Predictions, shipped: Predictions, floor: number): { maxRelative: number; at: number } {
  if (own.values.length !== shipped.values.length) {
    throw new Error(`The trainer predicts ${own.values.length} values, its ONNX model ${shipped.values.length}.`);
  }
  let largest = { maxRelative: 0, at: 0 };
  for (let i = 0; i < own.values.length; i++) {
    const a = own.values[i]!;
    const difference = Math.abs(a - shipped.values[i]!);
    const relative = difference === 0 ? 0 : difference / Math.max(Math.abs(a), floor);
    if (Number.isNaN(relative)) return { maxRelative: relative, at: i };
    if (relative > largest.maxRelative) largest = { maxRelative: relative, at: i };
  }
  return largest;
}

// Near a zero crossing a difference relative to the value itself would measure float32, not the trainer.
function typicalSize(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += Math.abs(value);
  return values.length === 0 ? SMALLEST : Math.max(SMALLEST, sum / values.length);
}

function explain(own: Predictions, shipped: Predictions, at: number, features: readonly FeatureColumn[]): string {
  const row = Math.floor(at / Math.max(1, own.classes.length));
  const cells = Object.entries(rowAt(features, row)).map(([name, cell]) => `${JSON.stringify(name)}: ${show(cell)}`);
  return (
    `The ONNX model does not give the trainer's own predictions: ${shipped.values[at]} instead of ${own.values[at]} ` +
    `in row ${row} of ${own.rows} with { ${cells.join(", ")} }. This is a bug of the trainer; nothing was kept.`
  );
}

// JSON would turn NaN and infinities, the likely culprits, into null.
function show(cell: number | string): string {
  return typeof cell === "number" ? String(cell) : JSON.stringify(cell);
}
