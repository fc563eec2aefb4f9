import type { ColumnDrift, ColumnStatistics, DriftResult, Effect } from "../drift-result.ts";
import type { EvidentlyAnswer } from "./compare-samples.ts";

/** Answers in the order of a result's features and predictions; null where Evidently has none. */
export interface Answers {
  features: readonly (EvidentlyAnswer | null)[];
  predictions: readonly (EvidentlyAnswer | null)[];
}

/** Evidently's `drift_share`: every column counts the same. */
const driftingShare = 0.5;

/** Its tests' level, each for itself. */
const alpha = 0.05;

/**
 * A calibrated result as Evidently judges it. Its dataset drift, half of the columns or more, features and predictions
 * together, is our drift because of features. What the columns hold, the performance on labelled rows and whether there are
 * enough rows stay as they were found.
 */
export function restate(calibrated: DriftResult, answers: Answers): DriftResult {
  const features = calibrated.features.map((column, at) => restateColumn(column, answers.features[at] ?? null));
  const predictions = calibrated.predictions.map((column, at) =>
    restateColumn(column, answers.predictions[at] ?? null),
  );
  const drifting = shareOf([...features, ...predictions.filter(({ state }) => state !== "vanished")]);
  const because: DriftResult["because"] = [
    ...(drifting >= driftingShare ? (["features"] as const) : []),
    ...(calibrated.performance?.verdict === "drift" ? (["performance"] as const) : []),
  ];
  const enough = calibrated.outcome !== "too few rows";
  return {
    ...calibrated,
    method: "evidently",
    outcome: !enough ? "too few rows" : because.length > 0 ? "drift" : "clean",
    because: enough ? because : [],
    alpha,
    share: { drifting, limit: driftingShare },
    features: features.toSorted((a, b) => Number(b.verdict === "drift") - Number(a.verdict === "drift")),
    predictions,
  };
}

/** Of the columns that either side has values of. */
function shareOf(columns: readonly ColumnDrift[]): number {
  const judged = columns.filter(({ state }) => state !== "not compared");
  return judged.filter(({ verdict }) => verdict === "drift").length / Math.max(judged.length, 1);
}

function restateColumn(column: ColumnDrift, answer: EvidentlyAnswer | null): ColumnDrift {
  const equal = { ...column, weight: 1, p: null, adjusted: null, significant: false };
  if (column.state !== "compared") return equal;
  if (answer === null) return restateWithoutValues(equal);
  const { drifts } = answer;
  const effects = [effectOf(answer)];
  const p = effects[0]!.p;
  return {
    ...equal,
    verdict: drifts ? "drift" : "stable",
    effects,
    p,
    significant: p !== null && drifts,
    statistics: statisticsOf(column, answer),
  };
}

/** Evidently stops where one side has no values; a column that lost all its values to nulls or infinities, or won its first, is drift here. */
function restateWithoutValues(column: ColumnDrift): ColumnDrift {
  const effects = column.effects.filter(({ exceeds }) => exceeds);
  const rows = column.current?.rows ?? 0;
  return { ...column, effects, verdict: rows > 0 && effects.length > 0 ? "drift" : "stable" };
}

function effectOf({ test, score, limit, drifts }: EvidentlyAnswer): Effect {
  const value = { value: score, limit, exceeds: drifts };
  if (test === "wasserstein" || test === "jensen-shannon") return { name: test, ...value, p: null };
  return { name: "p-value", ...value, p: score };
}

/** The test's own and the distances; a p-value without `ks` and `z` is of chi-square. */
function statisticsOf({ statistics }: ColumnDrift, answer: EvidentlyAnswer): ColumnStatistics {
  const { test, score: p, statistic, degrees, jensenShannon, psi, wasserstein } = answer;
  const { totalVariation } = statistics;
  return {
    ...(totalVariation && { totalVariation }),
    ...(wasserstein !== undefined && { wasserstein }),
    ...(test === "ks" && { ks: { statistic, p } }),
    ...(test === "z" && { z: statistic }),
    // JSON has no infinity, which it is when a value is new.
    ...(degrees !== undefined && Number.isFinite(statistic) && { chiSquare: { statistic, degrees, p } }),
    jensenShannon,
    psi,
  };
}
