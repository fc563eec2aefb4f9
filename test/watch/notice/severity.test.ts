import { expect, it } from "vitest";
import type { DriftResult } from "../../../pipelines/watch/drift/drift-result.ts";
import { driftSeverity } from "../../../pipelines/watch/notice/severity.ts";

type Column = DriftResult["features"][number];
type Effect = Column["effects"][number];

function effect(over: Partial<Effect> = {}): Effect {
  return { name: "wasserstein", value: 0.3, limit: 0.1, p: 0.001, exceeds: true, ...over };
}

function column(over: Partial<Column> = {}): Column {
  const facts = { rows: 100, missing: 0, infinite: 0, mean: 0, deviation: 1, min: -3, max: 3, unseen: [] };
  return {
    ...{ name: "a", kind: "numeric", weight: 1, state: "compared", verdict: "drift", effects: [effect()] },
    ...{ p: 0.001, adjusted: 0.002, significant: true, statistics: {}, reference: facts, current: facts, shape: [] },
    ...over,
  };
}

function result(over: Partial<DriftResult>): DriftResult {
  return {
    ...{ method: "calibrated", outcome: "drift", because: ["features"], alpha: 0.05 },
    ...{ rows: { reference: 1000, current: 500, least: 200 }, share: { drifting: 0.3, limit: 0.3 } },
    ...{ features: [], predictions: [], performance: null, added: [], unwatched: 0 },
    ...over,
  };
}

function performance(worse: number | null): DriftResult["performance"] {
  const level = {
    metric: "rmse",
    direction: "min" as const,
    rows: 9,
    value: 1,
    low: 0,
    high: 2,
    confidence: 0.95,
    error: 1,
  };
  const rest = { p: 0.01, adjusted: 0.01, significant: true, verdict: "drift" as const };
  return { metric: "rmse", direction: "min", reference: level, current: level, worse, limit: 0.1, ...rest };
}

const tiny = effect({ value: 0.02, exceeds: false });

it.each<[title: string, Partial<DriftResult>, expected: number]>([
  ["no drift", { outcome: "clean", because: [] }, 0],
  ["one feature at three times its limit", { features: [column()] }, 3],
  ["the same with twice the share", { features: [column()], share: { drifting: 0.6, limit: 0.3 } }, 6],
  [
    "features by weight; stable ones do not count",
    {
      features: [
        column({ weight: 1 }),
        column({ weight: 0.5, effects: [effect({ value: 0.6 })] }),
        column({ verdict: "stable" }),
      ],
    },
    4,
  ],
  ["effects below their limit do not count", { features: [column({ effects: [tiny, effect({ value: 0.2 })] })] }, 2],
  ["a column that is gone", { features: [column({ state: "vanished", effects: [] })] }, 10],
  ["no more than a hundred times", { features: [column({ effects: [effect({ value: 1e9 })] })] }, 100],
  ["an effect without end", { features: [column({ effects: [effect({ value: Number.POSITIVE_INFINITY })] })] }, 100],
  ["a limit of zero", { features: [column({ effects: [effect({ limit: 0 })] })] }, 1],
  ["features of no weight", { features: [column({ weight: 0 })] }, 1],
  [
    "a p-value a thousandth of its limit",
    { features: [column({ effects: [effect({ name: "p-value", value: 0.05 ** 4, limit: 0.05 })] })] },
    4,
  ],
  ["a p-value of zero", { features: [column({ effects: [effect({ name: "p-value", value: 0, limit: 0.5 })] })] }, 100],
  ["the prediction", { because: ["prediction"], predictions: [column({ effects: [effect({ value: 0.25 })] })] }, 2.5],
  ["the metric", { because: ["performance"], performance: performance(0.15) }, 1.5],
  ["the metric without a value", { because: ["performance"], performance: performance(null) }, 1],
  [
    "the worst of the reasons",
    { because: ["features", "performance"], features: [column()], performance: performance(0.8) },
    8,
  ],
])("%s", (_title, over, expected) => {
  expect(driftSeverity(result(over))).toBe(expected);
});
