import type { ReportEntry } from "../../pipelines/handover/training-outcome.ts";
import {
  candidate,
  check,
  dataset,
  difference,
  evaluation,
  judged,
  metric,
  modelConfig,
  scored,
  slice,
  version,
} from "./builders.ts";

const bySlice = (by: string) => [{ by, metric: "rmse", max_regression: { relative: 0.1 }, min_rows: 200 }];

const linearDiamonds = modelConfig("diamond-price", {
  type: "linear",
  params: { l2: 1 },
  limits: { always: { mae: { max: 500 } } },
});

export const firstDeploy: ReportEntry = judged(
  candidate(linearDiamonds, {
    coefficients: [
      { name: "carat", value: 8412.5 },
      { name: "color=J", value: -1304.25 },
      { name: "(intercept)", value: -2210.75 },
    ],
    notes: ["the target is never negative, but 12 predictions are"],
  }),
  evaluation({
    metrics: [
      metric("rmse", { naive: 3989.4, candidate: 812.6 }),
      metric("mae", { naive: 3031.2, candidate: 402.1 }),
      metric("r2", { direction: "max", naive: 0, candidate: 0.9585 }),
    ],
  }),
  null,
);

export const coefficientIntervals: ReportEntry = judged(
  candidate(modelConfig("diamond-price", { type: "linear", params: { l1: 40, l2: 1 } }), {
    coefficients: [
      { name: "(intercept)", value: -2210.75, low: -2304.5, high: -2117.0 },
      { name: "depth", value: 0, standardised: 0 },
      { name: "carat", value: 8412.5, standardised: 3987.2, low: 8370.1, high: 8454.9 },
      { name: "color=J", value: -1304.25, standardised: -287.4, low: -1391.8, high: -1216.7 },
      { name: "table", value: -0.0132, standardised: -0.0295, low: -0.0317, high: 0.0053 },
    ],
  }),
  evaluation({ metrics: [metric("rmse", { naive: 3989.4, candidate: 812.6 })] }),
  null,
);

const productionDiamonds = candidate(linearDiamonds, {
  query: "select id, carat, cut, price\nfrom diamonds\nwhere price > 0\n",
  features: [
    { name: "carat", kind: "number" },
    { name: "cut", kind: "category" },
  ],
  model: { sha256: `sha256:${"5a".repeat(32)}`, size: 3104 },
});

const improvementScores = evaluation({
  baseline: scored(3),
  metrics: [
    metric("rmse", { naive: 3989.4, production: 548.2, candidate: 531.7, difference: difference(-16.5, 5.35) }),
    metric("mae", { naive: 3031.2, production: 281.4, candidate: 276.9, difference: difference(-4.5, 1.2) }),
    metric("r2", {
      direction: "max",
      naive: 0,
      production: 0.9811,
      candidate: 0.9822,
      difference: difference(0.0011, 0.0004),
    }),
  ],
  slices: [
    slice("cut", "Fair", { rows: 322, production: 701.5, candidate: 720.25, difference: difference(18.75, 30) }),
    slice("cut", "Ideal", { rows: 4310, production: 520.4, candidate: 501.2, difference: difference(-19.2, 7.1) }),
    slice("cut", "Premium", { rows: 2758, production: 560.1, candidate: 541.9, difference: difference(-18.2, 9) }),
  ],
  small_slices: 2,
});

export const improvement: ReportEntry = judged(
  candidate(modelConfig("diamond-price", { limits: { slices: bySlice("cut") } }), {
    curves: [
      { metric: "validation rmse", steps: [1, 50, 100, 150, 200], values: [3012.5, 801.2, 590.1, 548.8, 540.2] },
    ],
  }),
  improvementScores,
  version(3, productionDiamonds, improvementScores),
);

const airports = ["ORD", "ATL", "DFW", "LAX", "PHX", "STL", "DEN", "DTW"];

const flights = (maxLeaves: number) =>
  modelConfig("flight-delay", {
    params: { trees: 200, learning_rate: 0.1, max_leaves: maxLeaves },
    features: {
      ...linearDiamonds.features,
      window: { start: "2001-01-01", end: "2001-04-01" },
      target: "delay",
      time: "departed_at",
      split: { by: "time", test: 0.25 },
    },
    limits: {
      always: { mae: { max: 18 } },
      slices: bySlice("origin"),
      waive: [{ check: "slice:origin=ATL", until: "2026-12-31", reason: "New runway, delays are being re-measured." }],
    },
  });

const flightData = { train: dataset("flights train", 1_108_433), test: dataset("flights test", 369_478) };

const regressionScores = evaluation({
  rows: 369_478,
  baseline: scored(2),
  explanations: {
    metric: "rmse",
    rows: 5_000,
    repeats: 5,
    importance: [
      { feature: "carat", worse: 2837.4, sd: 41.2 },
      { feature: "color", worse: 823.1, sd: 16.4 },
      { feature: "cut", worse: -0.4, sd: 5.3 },
    ],
    dependence: [
      {
        feature: "carat",
        kind: "number",
        labels: ["0.23", "0.7", "1.2"],
        series: [{ name: "prediction", values: [640.2, 2310.5, 6480.9] }],
        rows: 500,
      },
      {
        feature: "color",
        kind: "category",
        labels: ["G", "E", "J"],
        series: [{ name: "prediction", values: [3990.1, 4120.4, 2950.7] }],
        rows: 500,
      },
    ],
  },
  metrics: [
    metric("rmse", { naive: 31.36, production: 29.61, candidate: 30.02, difference: difference(0.41, 0.08) }),
    metric("mae", { naive: 18.9, production: 17.21, candidate: 17.4, difference: difference(0.19, 0.03) }),
    metric("mape", { problem: "the target is zero in 12,031 rows" }),
  ],
  slices: airports.map((origin, at) =>
    slice("origin", origin, {
      rows: 21_000 - 1000 * at,
      production: 33 - at,
      candidate: 37 - 1.5 * at,
      difference: difference(4 - 0.5 * at, 0.6),
    }),
  ),
  small_slices: 61,
});

export const regression: ReportEntry = judged(
  candidate(flights(7), {
    ...flightData,
    checks: [
      check("distance not_null"),
      check("origin distinct_count ≤ 200", {
        severity: "warn",
        passed: false,
        found: "229 values",
        failing_rows: null,
      }),
    ],
  }),
  regressionScores,
  version(2, candidate(flights(31), flightData), regressionScores),
);

const strikes = modelConfig("bird-strike", {
  task: "classification",
  features: { ...linearDiamonds.features, target: "damaged" },
  limits: { primary: "log_loss", retrain: { mode: "superior", margin: null, confidence: 0.95 } },
});

const inconclusiveScores = evaluation({
  task: "classification",
  classes: ["no", "yes"],
  primary: "log_loss",
  rows: 2004,
  baseline: scored(1, ["no", "yes"]),
  metrics: [
    metric("log_loss", {
      naive: 0.3251,
      production: 0.2418,
      candidate: 0.2409,
      difference: difference(-0.0009, 0.0031),
    }),
    metric("roc_auc", {
      direction: "max",
      naive: 0.5,
      production: 0.861,
      candidate: 0.8634,
      difference: difference(0.0024, 0.006),
    }),
  ],
  bins: Array.from({ length: 5 }, (_, at) => ({
    label: `${at / 5}–${(at + 1) / 5}`,
    rows: 1400 - 300 * at,
    predicted: 0.1 + 0.2 * at,
    actual: 0.08 + 0.21 * at,
  })),
});

export const inconclusive: ReportEntry = judged(
  candidate(strikes, { classes: ["no", "yes"], trainer: { name: "gradient-boosting", version: 2 } }),
  inconclusiveScores,
  version(1, candidate(strikes, { train: dataset("older", 6000) }), inconclusiveScores),
);

const brokenScores = evaluation({
  baseline: {
    state: "failed",
    version: 3,
    model: `sha256:${"5a".repeat(32)}`,
    reason: "model.onnx is not an ONNX file",
  },
  metrics: [metric("rmse", { naive: 3989.4, candidate: 531.7 })],
});

export const brokenBaseline: ReportEntry = judged(
  candidate(modelConfig("diamond-price")),
  brokenScores,
  version(3, productionDiamonds, improvementScores),
);

export const checksFailed: ReportEntry = {
  state: "checks-failed",
  model: "diamond-price",
  rows: 53_940,
  checks: [
    check("carat not_null"),
    check("price between [0, 20000]", { passed: false, found: "12 of 53,940 rows, e.g. -3", failing_rows: 12 }),
    check("cut in_set [Fair, Good, Very Good, Premium, Ideal]", {
      severity: "warn",
      passed: false,
      found: "1 of 53,940 rows, e.g. Idael",
      failing_rows: 1,
    }),
  ],
};

export const failedQuery: ReportEntry = {
  state: "error",
  model: "flight-delay",
  during: "the feature query",
  problems: [
    {
      message: 'no column "distnce" in flights-3m.parquet',
      hint: "it has: date, delay, distance, origin, destination",
      where: { file: "models/flight-delay/features.sql", line: 4, column: 3, length: 7, lineText: "  distnce," },
    },
  ],
};

const yaml = "models/bird-strike/model.yaml";

export const brokenConfig: ReportEntry = {
  state: "error",
  model: "bird-strike",
  during: "the config",
  problems: [
    {
      message: "params.learning_rat is not a param of gradient-boosting",
      hint: "did you mean learning_rate?",
      where: { file: yaml, line: 7, column: 11, length: 12, lineText: "params: { learning_rat: 0.1, trees: 200 }" },
    },
    {
      message: "thresholds.first_deploy needs at least one limit",
      where: { file: yaml, line: 12, column: 3, length: 12, lineText: "  first_deploy: {}" },
    },
  ],
};

export const identical: ReportEntry = { state: "identical", model: "diamond-price", version: 3 };

export const held: ReportEntry = { state: "held", model: "flight-delay", version: 3, production: 2, rolledBack: true };
/** As after a `git revert` of a merge: the config is that of an earlier version again. */
export const registered: ReportEntry = { ...held, rolledBack: false, version: 1 };
