import type { ColumnDrift } from "../../pipelines/watch/drift/drift-result.ts";
import type { DriftEntry, DriftPoint } from "../../pipelines/watch/drift/model-drift.ts";
import {
  columnDrift,
  drifting,
  driftResult,
  failedDrift,
  modelDrift,
  performanceDrift,
} from "../watch/drift/results.ts";

const facts = { rows: 1000, missing: 0, infinite: 0, mean: 9.8, deviation: 31, min: -40, max: 800, unseen: [] };

const prediction = drifting({ name: "prediction", current: facts });

const hour = drifting({
  name: "hour",
  weight: 1,
  effects: [{ name: "wasserstein", value: 0.14, limit: 0.1, p: 1e-7, exceeds: true }],
  reference: { ...facts, rows: 9000, mean: 13.2, deviation: 5, min: 0, max: 23 },
  current: { ...facts, mean: 13.3, deviation: 5.1, min: 0, max: 23 },
  shape: [
    { label: "≤ 6", reference: 0.1, current: 0.08 },
    { label: "6–18", reference: 0.7, current: 0.6 },
    { label: "> 18", reference: 0.2, current: 0.32 },
  ],
});

const origin = drifting({
  name: "origin",
  kind: "category",
  weight: 0.45,
  effects: [
    { name: "total variation", value: 0.08, limit: 0.05, p: 1e-4, exceeds: true },
    { name: "missing", value: 0.19, limit: 0.05, p: 1e-12, exceeds: true },
    { name: "unseen", value: 0.03, limit: 0.01, p: null, exceeds: true },
  ],
  statistics: {
    totalVariation: { raw: 0.09, corrected: 0.08 },
    chiSquare: { statistic: 211, degrees: 40, p: 1e-4 },
    jensenShannon: 0.2,
    psi: 0.3,
  },
  reference: { ...facts, rows: 9000, missing: 0.01, mean: null, deviation: null, min: null, max: null },
  current: {
    ...{ ...facts, missing: 0.2, mean: null, deviation: null, min: null, max: null },
    unseen: [{ value: "ZRH", share: 0.03 }],
  },
  shape: [
    { label: "ATL", reference: 0.5, current: 0.44 },
    { label: "JFK", reference: 0.5, current: 0.53 },
    { label: "ZRH", reference: 0, current: 0.03 },
  ],
});

const gone: ColumnDrift = columnDrift({
  ...{ name: "weather", kind: "category", weight: 0.3, state: "vanished", verdict: "drift" },
  ...{ effects: [], p: null, adjusted: null, current: null, statistics: {}, shape: [] },
});

/** The weeks before the newest, newest first. */
function weeks(...points: readonly Pick<DriftPoint, "outcome" | "prediction" | "metric">[]): DriftPoint[] {
  const day = (at: number) => new Date(Date.UTC(2001, 4, 28 - 7 * at)).toISOString();
  return points.map((point, at) => ({ from: day(at), to: day(at - 1), rows: 1000, share: 0.2, ...point }));
}

const level = (value: number) => ({ metric: "rmse", value, low: value - 3, high: value + 3, rows: 800 });
const moved = (distance: number) => ({ column: "prediction", distance, limit: 0.1 });

const lasting = modelDrift({
  persistent: "drift",
  result: driftResult({
    outcome: "drift",
    because: ["features", "prediction", "performance"],
    share: { drifting: 0.75, limit: 0.3 },
    features: [hour, origin, gone, columnDrift({ weight: 0.2 })],
    predictions: [prediction],
    performance: performanceDrift(),
    added: ["gate"],
    unwatched: 3,
  }),
  rejected: 12,
  history: weeks(
    { outcome: "drift", prediction: moved(0.31), metric: level(33.9) },
    { outcome: "drift", prediction: moved(0.22), metric: level(32.7) },
    { outcome: "clean", prediction: moved(0.04), metric: level(29.9) },
  ),
  since: "2001-05-21T00:00:00.000Z",
});

const once = modelDrift({
  model: "bike-hire",
  version: 1,
  source: "log",
  labels: { known: 0, late: 1000, missing: 0, duplicated: 0, problem: null },
  log: {
    files: 14,
    skipped: [{ file: "predictions/bike-hire/2001-05-29/a.parquet", reason: "too small" }],
    otherVersions: 40,
  },
  retrain: { kind: "windowless" },
  reference: { ...modelDrift().reference, window: null, times: null, known: null },
  result: driftResult({ outcome: "drift", because: ["features"], features: [hour] }),
});

const clean = modelDrift({
  persistent: "clean",
  unread: [
    {
      from: "2001-05-14T00:00:00.000Z",
      to: "2001-05-21T00:00:00.000Z",
      reason: "no file of the prediction log can be read (2)",
    },
  ],
  result: driftResult({
    performance: performanceDrift({
      current: { ...performanceDrift().reference, value: 29.9, rows: 800 },
      worse: 0.01,
      adjusted: 0.6,
      significant: false,
      verdict: "stable",
    }),
  }),
});

const few = modelDrift({
  labels: { known: 12, late: 0, missing: 0, duplicated: 0, problem: null },
  result: driftResult({ outcome: "too few rows", rows: { reference: 9000, current: 12, least: 200 } }),
});

const empty = modelDrift({
  source: "log",
  history: [],
  labels: { known: 0, late: 0, missing: 0, duplicated: 0, problem: null },
  result: driftResult({ outcome: "too few rows", rows: { reference: 9000, current: 0, least: 200 } }),
});

const silent = modelDrift({
  ...empty,
  outcome: "silent",
  silence: { since: "2001-05-21T00:00:00.000Z", rows: 1100 },
  history: weeks({ outcome: "clean", prediction: moved(0.04), metric: level(29.9) }),
});

const trainedOn = modelDrift({
  window: { from: "2001-02-05T00:00:00.000Z", to: "2001-02-12T00:00:00.000Z" },
  history: [],
  retrain: null,
  labels: { known: 0, late: 0, missing: 0, duplicated: 0, problem: null },
  result: driftResult({ outcome: "too few rows", rows: { reference: 9000, current: 0, least: 200 } }),
});

const partlyNew = modelDrift({
  ...trainedOn,
  window: { from: "2001-03-29T00:00:00.000Z", to: "2001-04-05T00:00:00.000Z" },
  reference: {
    ...modelDrift().reference,
    known: { from: "2001-01-01T00:00:00.000Z", to: "2001-04-01T09:30:00.001Z" },
  },
});

const older = modelDrift({
  window: { from: "2000-12-01T00:00:00.000Z", to: "2000-12-08T00:00:00.000Z" },
  reference: { ...modelDrift().reference, times: null },
  retrain: { kind: "stay", why: "its window reaches to 2001-04-01 already" },
  result: driftResult({
    outcome: "drift",
    because: ["features", "prediction"],
    features: [hour],
    predictions: [prediction],
  }),
});

const configGone = modelDrift({ ...once, model: "bus", retrain: { kind: "gone" } });

const byEvidently = modelDrift({
  result: driftResult({
    method: "evidently",
    outcome: "drift",
    because: ["features"],
    share: { drifting: 0.5, limit: 0.5 },
    features: [
      drifting({
        effects: [{ name: "p-value", value: 0.0004, limit: 0.05, p: 0.0004, exceeds: true }],
        current: facts,
      }),
    ],
  }),
});

/** By the name of the golden file. */
export const driftCases: Readonly<Record<string, readonly DriftEntry[]>> = {
  lasting: [lasting],
  once: [once],
  clean: [clean],
  "too-few-rows": [few],
  "empty-window": [empty],
  silent: [silent],
  evidently: [byEvidently],
  "trained-on": [trainedOn],
  "partly-new": [partlyNew],
  older: [older],
  "config-gone": [configGone],
  "several-models": [clean, failedDrift("bird-strike"), lasting],
  nothing: [],
};
