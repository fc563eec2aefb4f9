import type { Table } from "../../data/table.ts";

/** How much is scored to explain a model. */
export interface ExplanationPlan {
  /** Features that are shuffled, each `repeats` times among `rows` test rows. */
  features: number;
  repeats: number;
  rows: number;
  /** Test rows that partial dependence is the mean of. */
  dependenceRows: number;
  /** Set when the model's size made it less than it would be for a small one. */
  limited: { model_bytes: number } | null;
}

/** Rows that are scored for all importances together: about a second of work for a forest of some hundred trees. */
const rowBudget = 150_000;
/**
 * Rows × bytes of the model that the budget may come to: 4,000 rows of a model of 65 MB. A dense network reads all its weights
 * for a row (65 MB in some 5 ms), a forest a path of each tree (some 1 ms, out of the cache), so that it is 4 to 20 s.
 */
const workBudget = 2.6e11;
const [fewestRows, mostRows] = [200, 5_000];
const mostFeatures = 100;
const mostDependenceRows = 500;
/** Points × features of partial dependence. */
const dependencePoints = 36;

/** What a model of this size can be asked in some seconds. Depends on nothing but sizes, so that every machine asks the same. */
export function planExplanation({ rows, features }: Pick<Table, "rows" | "features">, bytes: number): ExplanationPlan {
  const budget = Math.min(rowBudget, Math.max(fewestRows, Math.floor(workBudget / bytes)));
  const wanted = Math.min(features.length, mostFeatures);
  const usual = wanted > 20 ? 3 : 5;
  const least = Math.min(rows, fewestRows);
  const repeats = Math.max(1, Math.min(usual, Math.floor(budget / (wanted * least))));
  const considered = Math.max(1, Math.min(wanted, Math.floor(budget / (least * repeats))));
  const affordable = Math.floor(budget / (considered * repeats));
  const dependenceRows = Math.min(mostDependenceRows, Math.max(20, Math.floor(budget / dependencePoints)));
  return {
    features: considered,
    repeats,
    rows: Math.min(rows, Math.max(fewestRows, Math.min(mostRows, affordable))),
    dependenceRows,
    limited: budget < rowBudget ? { model_bytes: bytes } : null,
  };
}
