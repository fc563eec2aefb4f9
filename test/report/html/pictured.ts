import type { Evaluation } from "../../../pipelines/evaluation/evaluation.ts";
import type { ColumnShape } from "../../../pipelines/evaluation/pictures/pictures.ts";
import type { JudgedEntry } from "../../../pipelines/handover/training-outcome.ts";
import { evaluateClasses, evaluateNumbers, normals, probabilities, sliceRule } from "../../evaluation/builders.ts";
import { candidate, judged, modelConfig, version } from "../builders.ts";

const rows = 1_500;
const normal = normals(11);
const airports = ["ATL", "JFK", "ORD", "SFO"];
const origin = { codes: Int32Array.from({ length: rows }, (_, row) => row % 4), levels: airports };
const actual = Array.from({ length: rows }, (_, row) => 20 + 12 * normal() + (row % 4));
const better = actual.map((value) => value + 4 * normal());
const worse = actual.map((value) => value + 5 * normal() + 1);

const columns: ColumnShape[] = [
  {
    name: "distance",
    role: "feature",
    axis: { from: 100, to: 2500, bins: 6 },
    train: { rows: 6000, missing: 12, min: 31, median: 640, max: 4962, counts: "2100 1800 1000 600 300 188" },
    test: { rows, missing: 3, min: 40, median: 655, max: 4502, counts: "530 440 255 150 75 47" },
  },
  {
    name: "origin",
    role: "feature",
    labels: airports,
    train: { rows: 6000, missing: 0, counts: "1600 1500 1450 1400 50" },
    test: { rows, missing: 0, counts: "375 375 375 375 0" },
  },
];

const explanations: Evaluation["explanations"] = {
  metric: "rmse",
  rows,
  repeats: 5,
  importance: [
    { feature: "distance", worse: 4.2, sd: 0.2 },
    { feature: "origin", worse: 1.1, sd: 0.15 },
    { feature: "weekday", worse: -0.01, sd: 0.02 },
  ],
  dependence: [
    {
      feature: "distance",
      kind: "number",
      labels: ["120", "400", "640", "1,100", "2,300"],
      series: [{ name: "prediction", values: [14, 17, 19, 23, 31] }],
      rows,
    },
    {
      feature: "origin",
      kind: "category",
      labels: airports,
      series: [{ name: "prediction", values: [18, 20, 21, 19] }],
      rows,
    },
  ],
};

/** A regression with everything there is to draw. */
export const regressed: JudgedEntry = entryOf(
  evaluateNumbers(actual, better, worse, {
    groups: new Map([["origin", origin]]),
    sliceRules: [sliceRule({ min_rows: 30 })],
    naive: { mean: 20 },
  }),
  "arrival-delay",
);

const truth = actual.map((value) => (value > 30 ? "late" : "on time"));
const probability = (values: readonly number[]) => values.map((value) => 1 / (1 + Math.exp((value - 30) / 4)));
const scores = (values: readonly number[]) =>
  probabilities(
    ["late", "on time"],
    probability(values).map((onTime) => [1 - onTime, onTime]),
  );

/** A classification with everything there is to draw. */
export const classified: JudgedEntry = entryOf(
  evaluateClasses(truth, scores(better), scores(worse), { primary: "roc_auc" }),
  "is-late",
);

const kinds = ["early", "on time", "late"];
const kindOf = (value: number) => kinds[value < 15 ? 0 : value < 30 ? 1 : 2]!;
const threeScores = (values: readonly number[]) =>
  probabilities(
    kinds,
    values.map((value) => {
      const [early = 0, , late = 0] = [1 / (1 + Math.exp((value - 15) / 4)), 0, 1 / (1 + Math.exp((30 - value) / 4))];
      const rest = Math.max(0.01, 1 - early - late);
      return [early, rest, late].map((each) => each / (early + rest + late));
    }),
  );

/** A classification of three classes. */
export const sorted: JudgedEntry = entryOf(
  evaluateClasses(actual.map(kindOf), threeScores(better), threeScores(worse), { primary: "log_loss" }),
  "arrival-kind",
);

function entryOf(evaluation: Evaluation, name: string): JudgedEntry {
  const config = modelConfig(name, {
    task: evaluation.task,
    limits: {
      primary: evaluation.primary,
      always: { [evaluation.task === "regression" ? "mae" : "ece"]: { max: 30 } },
      slices: [sliceRule({ min_rows: 30 })],
    },
  });
  const curves = [{ metric: "train rmse", steps: [1, 10, 20, 30], values: [12, 7, 5.2, 4.1] }];
  const record = candidate(config, { curves, query: "SELECT *\nFROM flights" });
  const whole: Evaluation = { ...evaluation, explanations, pictures: { ...evaluation.pictures, columns } };
  const before = candidate({ ...config, params: { ...config.params, trees: 100 } });
  return judged(record, whole, version(2, before, whole));
}
