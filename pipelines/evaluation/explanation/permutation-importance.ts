import type { FeatureColumn, Table } from "../../data/table.ts";
import { below, seededRandom } from "../../statistics/random.ts";
import type { Predictions } from "../../training/trainer.ts";
import type { PermutationImportance } from "../explanations.ts";
import { classificationMetrics, regressionMetrics } from "../metrics/metrics.ts";
import { scoreMetric } from "../score-metric.ts";
import type { Predict } from "./explain-model.ts";

/** Streams of the seed from here on belong to the shuffles. */
const firstStream = 100_000;

export interface PermutationInput {
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
export async function permutationImportance(input: PermutationInput): Promise<PermutationImportance[] | null> {
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
