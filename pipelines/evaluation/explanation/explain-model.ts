import type { CategoryColumn, FeatureColumn, NumberColumn, Table } from "../../data/table.ts";
import type { Clock } from "../../ports/host.ts";
import { formatNumber } from "../../statistics/format-number.ts";
import { below, seededRandom } from "../../statistics/random.ts";
import type { Importance, Predictions } from "../../training/trainer.ts";
import { scoreMetric } from "../compare-metric.ts";
import type { Explanations, PartialDependence, PermutationImportance } from "../evaluation.ts";
import { classificationMetrics, regressionMetrics } from "../metrics/metrics.ts";
import { shuffledRows, takeRows } from "../table-rows.ts";
import { planExplanation } from "./explanation-plan.ts";

export type Predict = (features: readonly FeatureColumn[]) => Promise<Predictions>;

/** The features whose partial dependence is told. */
const explainedFeatures = 3;
/** A machine that takes longer explains nothing: a part of the numbers would depend on its speed. */
const longestSeconds = 120;

export interface ExplainInput {
  predict: Predict;
  /** The test split. */
  table: Table;
  /** The primary metric. */
  metric: string;
  seed: number;
  /** The trainer's own importances, which choose among very many features; may be empty. */
  ranking: readonly Importance[];
  /** Size of the ONNX file, which says how much work a row is. */
  modelBytes: number;
  clock: Clock;
}

/** Explanations, or why there are none. */
type Explained = { explanations: Explanations | null } | { left_out: string };

/**
 * Explains a model by scoring it on changed test rows, whatever its type. Seeded: the same model and rows give the same
 * numbers on every machine, because what is sampled depends on the sizes of model and table alone. A machine too slow for that
 * leaves all of it out. null where the metric has no value on these rows.
 */
export async function explainModel(input: ExplainInput): Promise<Explained> {
  const deadline = input.clock.now().getTime() + longestSeconds * 1000;
  try {
    return { explanations: await explain({ ...input, predict: inTime(input, deadline) }) };
  } catch (error) {
    if (!(error instanceof OutOfTime)) throw error;
    return { left_out: `the model is too slow here to explain it within ${longestSeconds} s` };
  }
}

class OutOfTime extends Error {}

function inTime({ predict, clock }: ExplainInput, deadline: number): Predict {
  return async (features) => {
    if (clock.now().getTime() > deadline) throw new OutOfTime();
    return predict(features);
  };
}

async function explain(input: ExplainInput): Promise<Explanations | null> {
  const { table, metric, seed, predict } = input;
  if (table.features.length === 0 || table.rows < 2) return null;
  const plan = planExplanation(table, input.modelBytes);
  const names = consideredFeatures(input, plan.features);
  const order = shuffledRows(table.rows, seed);
  const { rows, repeats } = plan;
  const sample = takeRows(table, order.subarray(0, rows));
  const importance = await permutationImportance({ predict, table: sample, metric, seed, repeats, features: names });
  if (importance === null) return null;
  const fewer = takeRows(table, order.subarray(0, Math.min(table.rows, plan.dependenceRows)));
  const dependence = [];
  for (const { feature, worse } of importance.slice(0, explainedFeatures)) {
    const told = worse > 0 ? await partialDependence(predict, fewer, feature) : null;
    if (told) dependence.push(told);
  }
  const told = plan.limited && { limited: { ...plan.limited, test_rows: table.rows, features: table.features.length } };
  return { metric, rows, repeats, importance, dependence, ...told };
}

function consideredFeatures({ table, ranking }: ExplainInput, most: number): string[] {
  const names = table.features.map(({ name }) => name);
  if (names.length <= most) return names;
  const share = new Map(ranking.map((each) => [each.feature, each.share]));
  return names.toSorted((a, b) => (share.get(b) ?? 0) - (share.get(a) ?? 0)).slice(0, most);
}

/** Streams of the seed from here on belong to the shuffles. */
const firstStream = 100_000;

interface PermutationInput {
  predict: Predict;
  table: Table;
  metric: string;
  seed: number;
  repeats: number;
  /** Names of the features to shuffle. */
  features: readonly string[];
}

/**
 * Permutation importance (Breiman 2001, Random Forests, section 10; Fisher, Rudin and Dominici 2019): how much worse the
 * metric gets when one column is shuffled and the others stay. Correlated features share what they know, so each may look
 * small alone. Largest first; null when the metric has no value on the rows as they are.
 */
async function permutationImportance(input: PermutationInput): Promise<PermutationImportance[] | null> {
  const { predict, table, metric, features } = input;
  const judge = (predictions: Predictions) => cost(metric, table, predictions);
  const unchanged = judge(await predict(table.features));
  if (unchanged === null) return null;
  const found: PermutationImportance[] = [];
  for (const name of features) {
    const at = table.features.findIndex((column) => column.name === name);
    const costs: number[] = [];
    for (let repeat = 0; repeat < input.repeats; repeat += 1) {
      const stream = firstStream + at * input.repeats + repeat;
      const shuffled = table.features.with(at, shuffleColumn(table.features[at]!, table.rows, input.seed, stream));
      const changed = judge(await predict(shuffled));
      if (changed !== null) costs.push(changed - unchanged);
    }
    if (costs.length > 0) found.push({ feature: name, ...meanAndSd(costs) });
  }
  return found.sort((a, b) => b.worse - a.worse || (a.feature < b.feature ? -1 : 1));
}

/** The metric as something to make small; a bias counts by its size, as in the gate. */
function cost(name: string, { target }: Table, predictions: Predictions): number | null {
  const { score } = scoreMetric(name, target, predictions);
  if (score === null) return null;
  const metrics: readonly { name: string; direction: string }[] =
    target.task === "regression" ? regressionMetrics : classificationMetrics;
  const direction = metrics.find((each) => each.name === name)?.direction;
  return name === "bias" ? Math.abs(score) : direction === "max" ? -score : score;
}

/** Fisher and Yates' shuffle of one column. */
function shuffleColumn(column: FeatureColumn, rows: number, seed: number, stream: number): FeatureColumn {
  const random = seededRandom(seed, stream);
  const order = Int32Array.from({ length: rows }, (_, row) => row);
  for (let last = rows - 1; last > 0; last -= 1) {
    const other = below(random, last + 1);
    [order[last], order[other]] = [order[other]!, order[last]!];
  }
  return column.kind === "category"
    ? { ...column, codes: order.map((row) => column.codes[row]!) }
    : { ...column, values: Float32Array.from(order, (row) => column.values[row]!) };
}

function meanAndSd(values: readonly number[]): { worse: number; sd: number } {
  const worse = values.reduce((sum, each) => sum + each, 0) / values.length;
  const squares = values.reduce((sum, each) => sum + (each - worse) ** 2, 0);
  return { worse, sd: values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : 0 };
}

const mostPoints = 12;
const mostClasses = 4;

/**
 * Partial dependence (Friedman 2001, section 8.2): the mean prediction over the rows with one feature set to a value, the
 * others as they are. null for a feature with a single value.
 */
export async function partialDependence(
  predict: Predict,
  table: Table,
  feature: string,
): Promise<PartialDependence | null> {
  const at = table.features.findIndex((column) => column.name === feature);
  const column = table.features[at];
  const points = column ? pointsOf(column, table.rows) : [];
  if (points.length < 2) return null;
  const means: number[][] = [];
  let classes: readonly string[] = [];
  for (const { column: fixed } of points) {
    const predictions = await predict(table.features.with(at, fixed));
    classes = predictions.classes;
    means.push(meanScores(predictions));
  }
  const series = shownScores(classes, means[0] ?? []).map(({ name, at: score }) => ({
    name,
    values: means.map((mean) => mean[score]!),
  }));
  return { feature, kind: column!.kind, labels: points.map(({ label }) => label), series, rows: table.rows };
}

interface Point {
  label: string;
  column: FeatureColumn;
}

function pointsOf(column: FeatureColumn, rows: number): Point[] {
  return column.kind === "category" ? levelPoints(column, rows) : numberPoints(column, rows);
}

/** Quantiles, so that most points lie where most rows are; missing values are no point. */
function numberPoints(column: NumberColumn, rows: number): Point[] {
  const sorted = column.values.filter(Number.isFinite).sort();
  const quantile = (share: number) => sorted[Math.round(share * (sorted.length - 1))]!;
  const values = Array.from({ length: mostPoints }, (_, i) => quantile(i / (mostPoints - 1)));
  const distinct = sorted.length === 0 ? [] : [...new Set(values)];
  const label = (value: number) => (column.kind === "boolean" ? (value === 1 ? "true" : "false") : formatNumber(value));
  return distinct.map((value) => ({
    label: label(value),
    column: { ...column, values: new Float32Array(rows).fill(value) },
  }));
}

function levelPoints(column: CategoryColumn, rows: number): Point[] {
  const counts = new Map<number, number>();
  for (const code of column.codes) counts.set(code, (counts.get(code) ?? 0) + 1);
  const frequent = [...counts].sort(([a, many], [b, more]) => more - many || a - b).slice(0, mostPoints);
  return frequent.map(([code]) => ({
    label: column.levels[code] || "(missing)",
    column: { ...column, codes: new Int32Array(rows).fill(code) },
  }));
}

function meanScores({ values, rows, classes }: Predictions): number[] {
  const width = Math.max(1, classes.length);
  const sums = new Array<number>(width).fill(0);
  for (const [at, value] of values.entries()) sums[at % width] = sums[at % width]! + value;
  return sums.map((sum) => sum / rows);
}

/** A regression has one score, two classes need one, and of many the most probable few are shown. */
function shownScores(classes: readonly string[], first: readonly number[]): { name: string; at: number }[] {
  if (classes.length === 0) return [{ name: "prediction", at: 0 }];
  if (classes.length === 2) return [{ name: classes[1]!, at: 1 }];
  const order = classes.map((name, at) => ({ name, at })).sort((a, b) => first[b.at]! - first[a.at]! || a.at - b.at);
  return order.slice(0, mostClasses);
}
