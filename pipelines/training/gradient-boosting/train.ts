import type { FeatureColumn, Table, Target } from "../../data/table.ts";
import { UserError } from "../../errors/user-error.ts";
import type { Importance, Predictions, TrainedModel, TrainingInput } from "../trainer.ts";
import { boost } from "./boost.ts";
import { chooseLoss } from "./choose-loss.ts";
import { encodeColumns } from "./encode-columns.ts";
import { largest } from "./fixed-point.ts";
import { MOST_ROWS } from "./histogram.ts";
import { probabilities } from "./losses/probabilities.ts";
import { directionsOf } from "./monotone.ts";
import { type BoostingParams, readParams } from "./params.ts";
import { scoreFeatures } from "./scorer.ts";
import type { Examples } from "./start-training.ts";
import { forestToOnnx } from "./to-onnx.ts";
import type { Forest } from "./tree.ts";

const LARGEST_FLOAT32 = 3.4028234663852886e38;

/** Trains on the table; throws UserError where there is nothing to learn from. */
export async function trainForest({ table, params, seed, threads, log }: TrainingInput): Promise<TrainedModel> {
  checkTable(table);
  const settings = readParams(params);
  const { forest, curves } = await log.step(
    "Growing trees",
    async (step) => {
      const examples = await examplesOf(table, settings, { seed, threads });
      return boost(examples, settings, { seed, threads, step });
    },
    ({ forest }) => `${forest.trees.length} trees`,
  );
  const specs = table.features.map(({ name, kind }) => ({ name, kind }));
  return {
    onnx: forestToOnnx(forest, specs, table.target),
    predict: (features) => predict(forest, inOrder(features, specs), table.target),
    importance: importanceOf(forest, table.features),
    coefficients: [],
    curves,
  };
}

function checkTable({ rows, features, target }: Table): void {
  if (rows === 0) throw new UserError({ message: "The train split has no rows.", key: "features.window" });
  if (features.length === 0) {
    throw new UserError({ message: "There are no features to train on.", hint: "Add columns to the feature query." });
  }
  if (rows > MOST_ROWS) throw new Error(`${rows} rows are more than can be summed exactly`);
  if (target.task === "classification" && target.classes.length < 2) {
    const message = `A classifier needs two classes; the target has ${target.classes.length}.`;
    throw new UserError({ message, hint: "Widen the window, or check the target.", key: "features.target" });
  }
  if (target.task === "regression" && largest(target.values) > LARGEST_FLOAT32) {
    const message = "A target is larger than a float32 can hold (3.4e38), which is what an ONNX model predicts.";
    throw new UserError({ message, hint: "Scale the target in the feature query.", key: "features.target" });
  }
}

/** Codes the table for the trees. Categories are ordered by the target, or by the share of a class for each score. */
async function examplesOf(
  table: Table,
  params: BoostingParams,
  run: { seed: number; threads: number },
): Promise<Examples> {
  const { target } = table;
  const targets = new Float64Array(new SharedArrayBuffer(8 * table.rows));
  targets.set(target.task === "regression" ? target.values : target.codes);
  const loss = chooseLoss(target, targets, params);
  const outputs = loss.name === "softmax" ? loss.classes : 1;
  const orderBy = Array.from({ length: outputs }, (_, output) =>
    loss.name === "softmax" ? targets.map((code) => (code === output ? 1 : 0)) : targets,
  );
  const rules = { maxBins: params.maxBins, smoothing: params.smoothing, minRows: params.minRows };
  const columns = await encodeColumns(table, orderBy, rules, run);
  return { columns, targets, loss, directions: directionsOf(table, columns, params) };
}

/** The columns in the order of training. */
function inOrder(columns: readonly FeatureColumn[], specs: readonly { name: string }[]): FeatureColumn[] {
  const byName = new Map(columns.map((column) => [column.name, column]));
  return specs.map(({ name }) => {
    const column = byName.get(name);
    if (!column)
      throw new UserError({ message: `The model needs the column ${JSON.stringify(name)}, which is missing.` });
    return column;
  });
}

function predict(forest: Forest, features: readonly FeatureColumn[], target: Target): Predictions {
  const scores = scoreFeatures(forest, features);
  const rows = scores.length / forest.base.length;
  if (target.task === "regression") {
    return { rows, classes: [], values: Float32Array.from(forest.link === "log" ? scores.map(Math.exp) : scores) };
  }
  return { rows, classes: target.classes, values: probabilities(scores, rows, target.classes.length) };
}

/** Shares of the total gain; equal shares when no tree found a split. */
function importanceOf({ columns, trees }: Forest, features: readonly FeatureColumn[]): Importance[] {
  const byFeature = new Float64Array(features.length);
  for (const tree of trees) {
    tree.column.forEach((column, node) => {
      if (column >= 0) byFeature[columns[column]!.feature]! += tree.gain[node]!;
    });
  }
  const total = byFeature.reduce((sum, gain) => sum + gain, 0);
  return features.map(({ name }, index) => ({
    feature: name,
    share: total > 0 ? byFeature[index]! / total : 1 / features.length,
  }));
}
