import type { FeatureColumn, Table } from "../data/table.ts";
import { shuffledRows, takeRows } from "../evaluation/table-rows.ts";
import { formatCount } from "../statistics/format-number.ts";
import type { Predictions, Trainer } from "../training/trainer.ts";
import type { Params } from "./search/score-trial.ts";

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

/** Seeded rows of a table, about as many of each class as there are: a rare class must be among them. */
export function sampleRows(table: Table, rows: number, seed: number): Table {
  const order = shuffledRows(table.rows, seed);
  const { target } = table;
  if (target.task === "regression") return takeRows(table, order.subarray(0, rows));
  const present = new Set(target.codes).size;
  const quota = Math.max(2, Math.ceil(rows / present));
  const taken = new Map<number, number>();
  const picked = order.filter((row) => {
    const count = (taken.get(target.codes[row]!) ?? 0) + 1;
    taken.set(target.codes[row]!, count);
    return count <= quota;
  });
  return takeRows(table, picked.subarray(0, rows));
}

/** More classes than this, and fewer than two rows of each, are numbers taken for classes. */
const mostClasses = 50;

/** What is wrong with a train split before anything is trained: faults end the smoke test, notes are told beside its result. */
export function findFaults({ features, target, rows }: Table): { faults: string[]; notes: string[] } {
  const missing = features.filter(isMissing).map(({ name }) => name);
  const constant = features.filter((column) => !isMissing(column) && isConstant(column)).map(({ name }) => name);
  const faults = [
    ...(missing.length > 0 ? [`without a single value in the train split: ${listed(missing)}`] : []),
    ...(missing.length === 0 && constant.length === features.length
      ? ["every feature has the same value in all rows"]
      : []),
    ...targetFaults(target, rows),
  ];
  const notes = constant.map((name) => `${name} has the same value in all rows: it cannot help`);
  return { faults, notes: [...notes, ...targetNotes(target)] };
}

function targetFaults(target: Table["target"], rows: number): string[] {
  const distinct = new Set<number>(target.task === "regression" ? target.values : target.codes).size;
  if (distinct < 2) return ["the target is the same in all rows of the train split"];
  if (target.task === "regression" || distinct <= mostClasses || distinct <= rows / 2) return [];
  return [`the target has ${formatCount(distinct)} classes in ${formatCount(rows)} rows: is the task regression?`];
}

function targetNotes(target: Table["target"]): string[] {
  const two = target.task === "regression" && new Set(target.values).size === 2;
  return two ? ["the target has two values only: is the task classification?"] : [];
}

function isMissing(column: FeatureColumn): boolean {
  if (column.kind === "category") return column.levels.every((level) => level === "");
  return column.values.every(Number.isNaN);
}

function isConstant(column: FeatureColumn): boolean {
  const values = column.kind === "category" ? column.codes : column.values;
  return values.every((value) => Object.is(value, values[0]));
}

function listed(names: readonly string[]): string {
  return names.length > 5 ? `${names.slice(0, 5).join(", ")} and ${names.length - 5} more` : names.join(", ");
}

/** Params under which a type learns rows by heart: enough capacity, nothing that holds it back. */
const memorising: Readonly<Record<string, Params>> = {
  "gradient-boosting": {
    trees: 100,
    learning_rate: 0.2,
    max_leaves: 31,
    max_depth: 0,
    min_rows_per_leaf: 1,
    l1: 0,
    l2: 0,
    subsample: 1,
    columns_per_tree: 1,
    early_stopping: 0,
    categories_smoothing: 0,
    max_bins: 255,
  },
  "neural-network": {
    hidden: [64, 64],
    dropout: 0,
    l2: 0,
    batch_size: 32,
    epochs: 100,
    learning_rate: 0.005,
    early_stopping: 0,
    max_categories: 200,
  },
};

/** Params that only take the brakes off: these types cannot learn any rows by heart. */
const unregularised: Readonly<Record<string, Params>> = { linear: { l1: 0, l2: 0 } };

/** The model's params made fit to overfit, and whether the type can then be expected to learn any rows by heart. */
export function relaxParams(
  { name, paramsSchema }: Pick<Trainer, "name" | "paramsSchema">,
  params: Params,
): {
  params: Params;
  memorises: boolean;
} {
  const wanted = Object.entries(memorising[name] ?? unregularised[name] ?? {});
  const known = wanted.filter(([param]) => Object.hasOwn(paramsSchema.properties, param));
  // What bends predictions to a rule, such as the sign of an effect, has no place in a test of learning by heart.
  const constraints = Object.entries(paramsSchema.properties).filter(
    ([param, schema]) => /monoton/.test(param) && schema.default !== undefined,
  );
  const free = constraints.map(([param, schema]) => [param, schema.default!] as const);
  return { params: { ...params, ...Object.fromEntries([...known, ...free]) }, memorises: name in memorising };
}
