import type { FeatureColumn, Table } from "../../data/table.ts";
import type { Importance, Predictions } from "../../training/trainer.ts";
import type { Explanations } from "../explanations.ts";
import { shuffledRows, takeRows } from "../table-rows.ts";
import { partialDependence } from "./partial-dependence.ts";
import { permutationImportance } from "./permutation-importance.ts";

export type Predict = (features: readonly FeatureColumn[]) => Promise<Predictions>;

/** Rows that are scored for all importances together: about a second of work for a large forest. */
const rowBudget = 150_000;
const [fewestRows, mostRows] = [200, 5_000];
const mostFeatures = 100;
const explainedFeatures = 3;
const dependenceRows = 500;

export interface ExplainInput {
  predict: Predict;
  /** The test split. */
  table: Table;
  /** The primary metric. */
  metric: string;
  seed: number;
  /** The trainer's own importances, which choose among very many features; may be empty. */
  ranking: readonly Importance[];
}

/**
 * Explains a model by scoring it on changed test rows, whatever its type. Seeded: the same model and rows give the same
 * numbers. null where the metric has no value on these rows.
 */
export async function explainModel(input: ExplainInput): Promise<Explanations | null> {
  const { table, metric, seed, predict } = input;
  const names = consideredFeatures(input);
  if (names.length === 0 || table.rows < 2) return null;
  const repeats = names.length > 20 ? 3 : 5;
  const affordable = Math.floor(rowBudget / (names.length * repeats));
  const rows = Math.min(table.rows, Math.max(fewestRows, Math.min(mostRows, affordable)));
  const order = shuffledRows(table.rows, seed);
  const sample = takeRows(table, order.subarray(0, rows));
  const importance = await permutationImportance({ predict, table: sample, metric, seed, repeats, features: names });
  if (importance === null) return null;
  const fewer = takeRows(table, order.subarray(0, Math.min(table.rows, dependenceRows)));
  const dependence = [];
  for (const { feature, worse } of importance.slice(0, explainedFeatures)) {
    const told = worse > 0 ? await partialDependence(predict, fewer, feature) : null;
    if (told) dependence.push(told);
  }
  return { metric, rows, repeats, importance, dependence };
}

function consideredFeatures({ table, ranking }: ExplainInput): string[] {
  const names = table.features.map(({ name }) => name);
  if (names.length <= mostFeatures) return names;
  const share = new Map(ranking.map((each) => [each.feature, each.share]));
  return names.toSorted((a, b) => (share.get(b) ?? 0) - (share.get(a) ?? 0)).slice(0, mostFeatures);
}
