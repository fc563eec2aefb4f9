import type { Thresholds } from "../../pipelines/config/model-config.ts";
import type { CheckResult } from "../../pipelines/data/dataset-store.ts";
import type {
  Baseline,
  Difference,
  Direction,
  Evaluation,
  MetricComparison,
  SliceComparison,
} from "../../pipelines/evaluation/evaluation.ts";
import { type JudgeContext, judge } from "../../pipelines/gate/judge.ts";
import type { GateCheck, Verdict } from "../../pipelines/gate/verdict.ts";

const features = [
  { name: "distance", kind: "number" },
  { name: "origin", kind: "category" },
] as const;

export const production: Extract<Baseline, { state: "scored" }> = {
  state: "scored",
  version: 2,
  model: "sha256:production",
  features,
  classes: [],
};

export function thresholds(change: Partial<Thresholds> = {}): Thresholds {
  return {
    primary: "rmse",
    first_deploy: { rmse: { max: 35 } },
    retrain: { mode: "point", margin: null, confidence: 0.95 },
    always: {},
    slices: [],
    allow_breaking: false,
    waive: [],
    ...change,
  };
}

/** A metric whose interval reaches `half` to both sides of the difference. */
export function metric(
  name: string,
  candidate: number | null,
  baseline: number | null,
  half = 0.1,
  direction: Direction = "min",
): MetricComparison {
  return { metric: name, direction, naive: direction === "min" ? 40 : 0, ...pair(candidate, baseline, half) };
}

/** A slice whose difference is four half widths of its interval from zero: no noise. */
export function slice(
  value: string,
  candidate: number | null,
  baseline: number | null,
  change: Partial<SliceComparison> = {},
): SliceComparison {
  return {
    by: "origin",
    value,
    metric: "rmse",
    direction: "min",
    rows: 500,
    ...pair(candidate, baseline, Math.abs((candidate ?? 0) - (baseline ?? 0)) / 4),
    ...change,
  };
}

function pair(candidate: number | null, baseline: number | null, half: number) {
  const value = candidate === null || baseline === null ? null : candidate - baseline;
  const difference: Difference | null =
    value === null ? null : { value, low: value - half, high: value + half, confidence: 0.95 };
  return { candidate, production: baseline, difference };
}

export function evaluation(metrics: readonly MetricComparison[], change: Partial<Evaluation> = {}): Evaluation {
  return {
    task: "regression",
    primary: metrics[0]?.metric ?? "rmse",
    rows: 369_478,
    test_fingerprint: "fp:test",
    model: "sha256:candidate",
    features,
    classes: [],
    baseline: production,
    metrics,
    slices: [],
    small_slices: 0,
    bins: [],
    ...change,
  };
}

/** An evaluation on an empty registry. */
export function firstEvaluation(metrics: readonly MetricComparison[], change: Partial<Evaluation> = {}): Evaluation {
  const alone = metrics.map((each) => ({ ...each, production: null, difference: null }));
  return evaluation(alone, { baseline: { state: "none" }, ...change });
}

export function context(evaluated: Evaluation, change: Partial<JudgeContext> = {}): JudgeContext {
  const { baseline } = evaluated;
  const binds = {
    definition: "d-1",
    commit: null,
    train_fingerprint: "fp:train",
    test_fingerprint: evaluated.test_fingerprint,
    candidate_model: evaluated.model,
    baseline_version: baseline.state === "none" ? null : baseline.version,
    baseline_model: baseline.state === "none" ? null : baseline.model,
    tool_version: "0.1.0",
  };
  return { today: "2026-11-19", binds, checks: [], ...change };
}

export function judged(
  evaluated: Evaluation,
  change: Partial<Thresholds> = {},
  checks: readonly CheckResult[] = [],
): Verdict {
  return judge(evaluated, thresholds(change), context(evaluated, { checks }));
}

export function checkIn(verdict: Verdict, id: string): GateCheck {
  const found = verdict.checks.find((each) => each.id === id);
  if (!found) throw new Error(`no check ${id} among ${verdict.checks.map((each) => each.id).join(", ")}`);
  return found;
}
