import type { SliceRule, Task } from "../config/model-config.ts";
import type { FeatureSpec, Target } from "../data/table.ts";
import { UserError } from "../errors/expected-error.ts";
import { seededRandom } from "../statistics/random.ts";
import type { Predictions } from "../training/trainer.ts";
import { countClusters, drawnCells } from "./cells.ts";
import { compareMetric, type IntervalPlan, planIntervals, scoreNaive } from "./compare-metric.ts";
import type { Baseline, Evaluation, MetricComparison, SliceComparison } from "./evaluation.ts";
import type { Metric } from "./metrics/metric.ts";
import { classificationMetrics, regressionMetrics } from "./metrics/metrics.ts";
import { classificationPictures, type Pictures } from "./pictures/pictures.ts";
import { regressionPictures, resampleHistogram } from "./pictures/regression-pictures.ts";
import {
  calibrationBins,
  classificationSides,
  predictionDeciles,
  regressionSides,
  type Side,
  type Sides,
} from "./sides.ts";

/** What a model that learned nothing predicts: the train split's mean, or its class shares in the order of `classes`. */
type NaiveBaseline = { mean: number } | { frequencies: readonly number[] };

/** Everything an evaluation depends on. */
export interface EvaluationInput {
  task: Task;
  primary: string;
  /** Of the intervals, in 0..1. */
  confidence: number;
  sliceRules: readonly SliceRule[];
  /** The truth of the test rows; `candidate`, `production` and `groups` have the same rows in the same order. */
  target: Target;
  candidate: Predictions;
  /** Ignored unless `baseline` is scored. */
  production: Predictions | null;
  baseline: Baseline;
  naive: NaiveBaseline;
  /** The slice of each row, by column. */
  groups: ReadonlyMap<string, SliceColumn>;
  /** A number of each row's group, when rows of a group belong together (`features.split.group`). */
  clusters?: Int32Array | null;
  seed: number;
  /** sha256 of the candidate's model.onnx. */
  model: string;
  test_fingerprint: string;
  features: readonly FeatureSpec[];
  classes: readonly string[];
}

/**
 * Scores candidate, production and the naive baseline on the same test rows, with paired intervals. Pure: the same input
 * gives the same evaluation. What cannot be scored (no rows, NaN predictions, a class without rows) is null with a problem;
 * only a rule that names an unknown metric or column throws a UserError.
 */
export function evaluate(input: EvaluationInput): Evaluation {
  const { task, primary, target, baseline, model, test_fingerprint, features, classes } = input;
  const compared =
    target.task === "regression" ? evaluateRegression(input, target) : evaluateClassification(input, target);
  return { task, primary, test_fingerprint, model, features, classes, baseline, ...compared };
}

type Results = Pick<Evaluation, "rows" | "groups" | "metrics" | "slices" | "small_slices" | "bins" | "pictures">;

function evaluateRegression(input: EvaluationInput, { values }: Extract<Target, { task: "regression" }>): Results {
  const mean = "mean" in input.naive ? input.naive.mean : Number.NaN;
  const sides = regressionSides(values, input.candidate, productionOf(input), mean);
  const bins = "scored" in sides.candidate ? predictionDeciles(sides.candidate.scored) : [];
  const compared = compare(input, sides, regressionMetrics, 0);
  const drawn = regressionPictures(sides);
  return { ...compared, bins, pictures: { ...compared.pictures, ...(drawn && { regression: drawn }) } };
}

function evaluateClassification(input: EvaluationInput, target: Extract<Target, { task: "classification" }>): Results {
  const frequencies = "frequencies" in input.naive ? input.naive.frequencies : [];
  const sides = classificationSides(target, input.classes, input.candidate, productionOf(input), frequencies);
  const bins = "scored" in sides.candidate ? calibrationBins(sides.candidate.scored) : [];
  const compared = compare(input, sides, classificationMetrics, sides.naive.classes.length);
  const drawn = classificationPictures(sides);
  return { ...compared, bins, pictures: { ...compared.pictures, ...(drawn && { classification: drawn }) } };
}

/** A baseline said to be scored without predictions gets empty ones, which is a problem, not "no production". */
function productionOf({ baseline, production }: EvaluationInput): Predictions | null {
  if (baseline.state !== "scored") return null;
  return production ?? { rows: 0, classes: baseline.classes, values: new Float32Array(0) };
}

function compare<Scored>(
  { primary, confidence, seed, sliceRules, groups, clusters = null }: EvaluationInput,
  sides: Sides<Scored>,
  metrics: readonly Metric<Scored>[],
  classes: number,
): Omit<Results, "bins"> {
  const plan = planIntervals(sides.rows, classes, confidence, seed);
  const ordered = primaryFirst(metrics, primary);
  const { slices, small } = compareSlices(sides, metrics, sliceRules, groups, plan, clusters);
  const counted = { rows: sides.rows, ...(clusters && { groups: countClusters(clusters) }) };
  const { compared, resampled } = compareAll(sides, ordered, plan, clusters);
  const pictures = { ...(resampled && { resampled }) };
  return { ...counted, metrics: compared, slices, small_slices: small, pictures };
}

function compareAll<Scored>(
  sides: Sides<Scored>,
  metrics: readonly Metric<Scored>[],
  plan: IntervalPlan,
  clusters: Int32Array | null,
): { compared: MetricComparison[]; resampled: Pictures["resampled"] | null } {
  const { candidate, production, naive, rows } = sides;
  const cells = drawnCells(rows, clusters, plan.cells, seededRandom(plan.seed));
  let resampled: Pictures["resampled"] | null = null;
  const compared = metrics.map((metric, at) => ({
    metric: metric.name,
    direction: metric.direction,
    naive: scoreNaive(metric, naive, rows),
    ...compareMetric(metric, candidate, production, cells, plan, (differences) => {
      if (at === 0) resampled = resampleHistogram(metric.name, differences);
    }),
  }));
  return { compared, resampled };
}

function primaryFirst<Scored>(metrics: readonly Metric<Scored>[], primary: string): Metric<Scored>[] {
  const first = metrics.find(({ name }) => name === primary);
  if (first) return [first, ...metrics.filter((metric) => metric !== first)];
  const known = metrics.map(({ name }) => name).join(", ");
  throw new UserError({
    message: `There is no metric ${primary} for this task`,
    key: "thresholds.primary",
    hint: `Choose one of ${known}.`,
  });
}

/** The slice of each test row by one column. */
interface SliceColumn {
  codes: Int32Array;
  levels: readonly string[];
}

/** Every slice that some rule judges, and how many are too small for any. */
interface ComparedSlices {
  slices: SliceComparison[];
  small: number;
}

/** Compares the models on each value of the rules' columns that has enough rows. A rule on an unknown column or metric is a UserError. */
export function compareSlices<Scored>(
  sides: Sides<Scored>,
  metrics: readonly Metric<Scored>[],
  rules: readonly SliceRule[],
  columns: ReadonlyMap<string, SliceColumn>,
  plan: IntervalPlan,
  clusters: Int32Array | null = null,
): ComparedSlices {
  const slices: SliceComparison[] = [];
  const small = new Set<string>();
  for (const rule of widestRules(rules)) {
    const metric = metrics.find(({ name }) => name === rule.metric);
    const column = columns.get(rule.by);
    if (!metric || !column) throw unknownSlice(rule, !column);
    rowsByLevel(column).forEach((rows, code) => {
      const value = column.levels[code]!;
      const enough = rows.length > 0 && rows.length >= rule.min_rows;
      const part = { rows, clusters: clusters && Int32Array.from(rows, (row) => clusters[row]!) };
      if (enough) slices.push(compareSlice(sides, metric, { by: rule.by, value }, part, plan));
      else if (rows.length > 0) small.add(JSON.stringify([rule.by, value]));
    });
  }
  return { slices, small: small.size };
}

/** Rules on the same column and metric share their slices: the gate applies each rule to the slices that are large enough for it. */
function widestRules(rules: readonly SliceRule[]): SliceRule[] {
  const widest = new Map<string, SliceRule>();
  for (const rule of rules) {
    const key = JSON.stringify([rule.by, rule.metric]);
    const known = widest.get(key);
    if (!known || rule.min_rows < known.min_rows) widest.set(key, rule);
  }
  return [...widest.values()];
}

function rowsByLevel({ codes, levels }: SliceColumn): Int32Array[] {
  const counts = new Int32Array(levels.length);
  for (const code of codes) if (code >= 0) counts[code]! += 1;
  const rows = Array.from(counts, (count) => new Int32Array(count));
  const filled = new Int32Array(levels.length);
  for (let row = 0; row < codes.length; row++) {
    const code = codes[row]!;
    if (code >= 0) rows[code]![filled[code]!++] = row;
  }
  return rows;
}

function compareSlice<Scored>(
  { candidate, production, take }: Sides<Scored>,
  metric: Metric<Scored>,
  about: { by: string; value: string },
  { rows, clusters }: { rows: Int32Array; clusters: Int32Array | null },
  plan: IntervalPlan,
): SliceComparison {
  const part = (side: Side<Scored>): Side<Scored> => ("scored" in side ? { scored: take(side.scored, rows) } : side);
  const cells = drawnCells(rows.length, clusters, plan.sliceCells, seededRandom(plan.seed, rows[0]));
  const compared = compareMetric(metric, part(candidate), production && part(production), cells, plan);
  const counted = { rows: rows.length, ...(clusters && { groups: countClusters(clusters) }) };
  return { ...about, metric: metric.name, direction: metric.direction, ...counted, ...compared };
}

function unknownSlice({ by, metric }: SliceRule, column: boolean): UserError {
  const message = column ? `There is no column ${by} to slice by` : `There is no metric ${metric} to judge slices by`;
  return new UserError({
    message,
    key: "thresholds.slices",
    hint: "Name a column of the feature query and a metric of the model's task.",
  });
}
