import { compareCodePoints } from "../../pipelines/data/code-point-order.ts";
import type { CategoryColumn, FeatureColumn, NumberColumn, Table, Target } from "../../pipelines/data/table.ts";
import type { ModelSignature } from "../../pipelines/training/onnx/session.ts";

/** A number column; null is missing. */
export function numbers(name: string, values: readonly (number | null)[]): NumberColumn {
  return { name, kind: "number", values: Float32Array.from(values, (value) => value ?? Number.NaN) };
}

/** A category column, its levels sorted by code point. */
export function categories(name: string, texts: readonly string[]): CategoryColumn {
  const levels = [...new Set(texts)].sort(compareCodePoints);
  const codeOf = new Map(levels.map((level, code) => [level, code]));
  return { name, kind: "category", levels, codes: Int32Array.from(texts, (text) => codeOf.get(text)!) };
}

export function regression(features: readonly FeatureColumn[], values: readonly number[]): Table {
  return { rows: values.length, features, target: { task: "regression", values: Float64Array.from(values) } };
}

export function classification(features: readonly FeatureColumn[], labels: readonly string[]): Table {
  const { codes, levels } = categories("target", labels);
  return { rows: labels.length, features, target: { task: "classification", codes, classes: levels } };
}

export function signatureOf(table: Table): ModelSignature {
  const features = table.features.map(({ name, kind }) => ({ name, kind }));
  return { features, classes: classesOf(table.target) };
}

function classesOf(target: Target): readonly string[] {
  return target.task === "classification" ? target.classes : [];
}

/** Uniform numbers in [0, 1) that are the same on every machine (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
