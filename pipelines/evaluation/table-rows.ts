import type { FeatureColumn, Table, Target } from "../data/table.ts";
import { below, seededRandom } from "../statistics/random.ts";

/** A stream of the seed that nothing else draws from. */
const splitStream = 102;

/**
 * Positions 0..rows-1 shuffled by the seed. Rows lie in the order of their hashes, so a position says nothing of a row's
 * content, and the same rows are drawn on every machine.
 */
export function shuffledRows(rows: number, seed: number): Int32Array {
  const order = Int32Array.from({ length: rows }, (_, row) => row);
  const random = seededRandom(seed, splitStream);
  for (let last = rows - 1; last > 0; last -= 1) {
    const other = below(random, last + 1);
    [order[last], order[other]] = [order[other]!, order[last]!];
  }
  return order;
}

/** Some rows of a table, in the table's own order. Levels that none of them has are left out, as in a dataset of just these rows. */
export function takeRows(table: Table, picked: Int32Array): Table {
  const rows = picked.toSorted();
  return {
    rows: rows.length,
    features: table.features.map((column) => takeColumn(column, rows)),
    target: takeTarget(table.target, rows),
  };
}

function takeColumn(column: FeatureColumn, rows: Int32Array): FeatureColumn {
  if (column.kind !== "category") return { ...column, values: Float32Array.from(rows, (row) => column.values[row]!) };
  const old = Int32Array.from(rows, (row) => column.codes[row]!);
  const kept = [...new Set(old)].sort((a, b) => a - b);
  const codeOf = new Map(kept.map((code, at) => [code, at]));
  const levels = kept.map((code) => column.levels[code]!);
  return { ...column, levels, codes: old.map((code) => codeOf.get(code)!) };
}

/** The truth of some rows, in the order given. */
export function takeTarget(target: Target, rows: Int32Array): Target {
  return target.task === "regression"
    ? { ...target, values: Float64Array.from(rows, (row) => target.values[row]!) }
    : { ...target, codes: Int32Array.from(rows, (row) => target.codes[row]!) };
}
