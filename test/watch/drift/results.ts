import type { ColumnDrift, DriftResult, PerformanceDrift } from "../../../pipelines/watch/drift/drift-result.ts";
import { driftPoint, type FailedDrift, type ModelDrift } from "../../../pipelines/watch/drift/model-drift.ts";

/** A column that was compared, of 9,000 against 1,000 rows, and did not move. */
export function columnDrift(changes: Partial<ColumnDrift> = {}): ColumnDrift {
  const facts = { missing: 0, infinite: 0, mean: 6.9, deviation: 30, min: -60, max: 900, unseen: [] };
  return {
    name: "distance",
    kind: "numeric",
    weight: 1,
    state: "compared",
    verdict: "stable",
    effects: [{ name: "wasserstein", value: 0.03, limit: 0.1, p: 0.4, exceeds: false }],
    p: 0.4,
    adjusted: 0.6,
    significant: false,
    statistics: { wasserstein: 0.03, ks: { statistic: 0.02, p: 0.4 }, jensenShannon: 0.01, psi: 0.001 },
    reference: { rows: 9000, ...facts },
    current: { rows: 1000, ...facts },
    shape: [
      { label: "≤ 400", reference: 0.5, current: 0.49 },
      { label: "> 400", reference: 0.5, current: 0.51 },
    ],
    ...changes,
  };
}

/** The same column, moved. */
export function drifting(changes: Partial<ColumnDrift> = {}): ColumnDrift {
  return columnDrift({
    verdict: "drift",
    effects: [{ name: "wasserstein", value: 0.31, limit: 0.1, p: 1e-9, exceeds: true }],
    p: 1e-9,
    adjusted: 1e-8,
    significant: true,
    ...changes,
  });
}

/** A clean window of one feature and a prediction. */
export function driftResult(changes: Partial<DriftResult> = {}): DriftResult {
  return {
    method: "calibrated",
    outcome: "clean",
    because: [],
    rows: { reference: 9000, current: 1000, least: 200 },
    alpha: 0.05,
    share: { drifting: 0, limit: 0.3 },
    features: [columnDrift()],
    predictions: [columnDrift({ name: "prediction" })],
    performance: null,
    added: [],
    unwatched: 0,
    ...changes,
  };
}

/** rmse 29.6 at registration, 33.9 on 800 labelled rows of the window. */
export function performanceDrift(changes: Partial<PerformanceDrift> = {}): PerformanceDrift {
  const about = { metric: "rmse", direction: "min", confidence: 0.95 } as const;
  return {
    metric: "rmse",
    direction: "min",
    reference: { ...about, rows: 2000, value: 29.6, low: 29.1, high: 30.2, error: 0.3 },
    current: { ...about, rows: 800, value: 33.9, low: 30.8, high: 37.1, error: 1.6 },
    worse: 0.145,
    limit: 0.1,
    p: 0.004,
    adjusted: 0.01,
    significant: true,
    verdict: "drift",
    ...changes,
  };
}

/** flight-delay v2, clean in one window; its history is the newest window unless given. */
export function modelDrift(changes: Partial<ModelDrift> = {}): ModelDrift {
  const window = { from: "2001-05-28T00:00:00.000Z", to: "2001-06-04T00:00:00.000Z" };
  const result = changes.result ?? driftResult();
  return {
    model: "flight-delay",
    version: 2,
    owner: "@hubot",
    window,
    every: "7d",
    persist: "2 of 3",
    source: "features",
    outcome: result.outcome,
    silence: null,
    persistent: "undecided",
    result,
    labels: { known: 800, late: 0, missing: 200, duplicated: 0, problem: null },
    rejected: 0,
    labelled: null,
    log: null,
    history: [driftPoint(window, result)],
    unread: [],
    since: null,
    retrain: { kind: "move", window: { start: "2001-01-01", end: "2001-06-04" } },
    reference: {
      window: { start: "2001-01-01", end: "2001-04-01" },
      rows: 9000,
      times: { first: "2001-01-01T00:10:00.000Z", last: "2001-03-14T08:20:00.000Z" },
      tested: 2000,
      known: { from: "2001-01-01T00:00:00.000Z", to: "2001-04-01T00:00:00.000Z" },
      metric: performanceDrift().reference,
    },
    rollback: null,
    ...changes,
  };
}

/** A model that could not be checked. */
export function failedDrift(model: string): FailedDrift {
  const error = { kind: "user", message: "column hour is not there", hint: "the query has: a, b" } as const;
  return { model, outcome: "error", error };
}
