import type { FeatureColumn, Table } from "../../data/table.ts";
import type { Predictions } from "../../training/trainer.ts";

/** The best prediction for each row that rows of the same features allow: the mean of their targets, or their shares of classes. */
export function bestPossible(table: Table): Predictions {
  const keys = Array.from({ length: table.rows }, (_, row) => rowKey(table.features, row));
  return groupMeans(table, keys);
}

/** What a model that learned nothing predicts: the same for every row. */
export function naivePredictions(table: Table): Predictions {
  return groupMeans(table, new Array<string>(table.rows).fill(""));
}

function groupMeans({ target, rows }: Table, keys: readonly string[]): Predictions {
  const classes = target.task === "classification" ? target.classes : [];
  const width = Math.max(1, classes.length);
  const sums = new Map<string, { sum: Float64Array; count: number }>();
  for (const [row, key] of keys.entries()) {
    const group = sums.get(key) ?? { sum: new Float64Array(width), count: 0 };
    if (target.task === "regression") group.sum[0]! += target.values[row]!;
    else group.sum[target.codes[row]!]! += 1;
    group.count += 1;
    sums.set(key, group);
  }
  const values = new Float32Array(rows * width);
  for (const [row, key] of keys.entries()) {
    const { sum, count } = sums.get(key)!;
    values.set(
      sum.map((each) => each / count),
      row * width,
    );
  }
  return { rows, classes, values };
}

function rowKey(features: readonly FeatureColumn[], row: number): string {
  return features.map((column) => (column.kind === "category" ? column.codes : column.values)[row]).join(" ");
}
