import type { SliceRule } from "../../pipelines/config/model-config.ts";
import { type EvaluationInput, evaluate } from "../../pipelines/evaluation/evaluate.ts";
import type { Baseline, Evaluation, MetricComparison } from "../../pipelines/evaluation/evaluation.ts";
import { type Random, seededRandom } from "../../pipelines/statistics/random.ts";
import type { Predictions } from "../../pipelines/training/trainer.ts";

/** Standard normal numbers by Box and Muller. */
export function normals(seed: number): () => number {
  const random = seededRandom(seed);
  return () => Math.sqrt(-2 * Math.log(1 - uniform(random))) * Math.cos(2 * Math.PI * uniform(random));
}

/** In 0..1, 1 excluded. */
export function uniform(random: Random): number {
  return random() / 2 ** 32;
}

export function numbers(values: ArrayLike<number>): Predictions {
  return { rows: values.length, classes: [], values: Float32Array.from(values) };
}

export function probabilities(classes: readonly string[], rows: readonly (readonly number[])[]): Predictions {
  return { rows: rows.length, classes, values: Float32Array.from(rows.flat()) };
}

export const scoredBaseline: Extract<Baseline, { state: "scored" }> = {
  state: "scored",
  version: 2,
  model: "sha256:production",
  features: [],
  classes: [],
};

export function sliceRule(change: Partial<SliceRule> = {}): SliceRule {
  return { by: "origin", metric: "rmse", max_regression: { relative: 0.1 }, min_rows: 2, ...change };
}

const about = {
  confidence: 0.95,
  sliceRules: [],
  baseline: scoredBaseline,
  groups: new Map(),
  seed: 42,
  model: "sha256:candidate",
  test_fingerprint: "fp:test",
  features: [],
  classes: [],
} as const;

/** An evaluation of numbers against numbers. */
export function evaluateNumbers(
  actual: ArrayLike<number>,
  candidate: ArrayLike<number>,
  production: ArrayLike<number> | null,
  change: Partial<EvaluationInput> = {},
): Evaluation {
  return evaluate({
    ...about,
    task: "regression",
    primary: "rmse",
    target: { task: "regression", values: Float64Array.from(actual) },
    candidate: numbers(candidate),
    production: production && numbers(production),
    baseline: production ? scoredBaseline : { state: "none" },
    naive: { mean: 0 },
    ...change,
  });
}

/** An evaluation of class probabilities; `actual` are class names. */
export function evaluateClasses(
  actual: readonly string[],
  candidate: Predictions,
  production: Predictions | null,
  change: Partial<EvaluationInput> = {},
): Evaluation {
  const classes = [...new Set(actual)].sort();
  return evaluate({
    ...about,
    task: "classification",
    primary: "log_loss",
    target: { task: "classification", codes: Int32Array.from(actual, (name) => classes.indexOf(name)), classes },
    candidate,
    production,
    baseline: production ? { ...scoredBaseline, classes: production.classes } : { state: "none" },
    naive: { frequencies: candidate.classes.map(() => 1 / candidate.classes.length) },
    classes: candidate.classes,
    ...change,
  });
}

export function metricIn(evaluation: Evaluation, name: string): MetricComparison {
  const found = evaluation.metrics.find(({ metric }) => metric === name);
  if (!found) throw new Error(`no ${name}`);
  return found;
}
