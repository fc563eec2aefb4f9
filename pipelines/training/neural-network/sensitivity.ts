import type { FeatureColumn } from "../../data/table.ts";
import type { Importance, Predictions } from "../trainer.ts";

const MOST_ROWS = 1000;
const LEAST_ROWS = 50;
// Rows predicted in all; a table of many columns gets fewer rows each.
const MOST_PREDICTIONS = 100_000;

/**
 * Each feature's share of how much predictions move (mean absolute change) when its values are those of other rows,
 * half the rows away; equal shares when nothing moves.
 */
export function sensitivities(
  features: readonly FeatureColumn[],
  rows: number,
  predict: (features: readonly FeatureColumn[]) => Predictions,
): Importance[] {
  const count = Math.min(rows, MOST_ROWS, Math.max(LEAST_ROWS, Math.floor(MOST_PREDICTIONS / features.length)));
  const chosen = Int32Array.from({ length: count }, (_, i) => Math.floor((i * rows) / count));
  const rotated = chosen.map((_, i) => chosen[(i + Math.ceil(count / 2)) % count]!);
  const sample = features.map((column) => pick(column, chosen));
  const given = predict(sample).values;
  const effects = features.map((column, f) => {
    const moved = predict(sample.with(f, pick(column, rotated))).values;
    return moved.reduce((sum, value, i) => sum + Math.abs(value - given[i]!), 0);
  });
  const total = effects.reduce((a, b) => a + b, 0);
  const known = total > 0 && Number.isFinite(total);
  return features.map(({ name }, f) => ({ feature: name, share: known ? effects[f]! / total : 1 / features.length }));
}

function pick(column: FeatureColumn, rows: Int32Array): FeatureColumn {
  if (column.kind === "category") return { ...column, codes: rows.map((row) => column.codes[row]!) };
  return { ...column, values: Float32Array.from(rows, (row) => column.values[row]!) };
}
