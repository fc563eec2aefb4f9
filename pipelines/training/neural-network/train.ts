import type { Table, Target } from "../../data/table.ts";
import { UserError } from "../../errors/expected-error.ts";
import { type DesignEncoding, fitEncoding } from "../linear/encoding.ts";
import type { TrainedModel, TrainingCurve, TrainingInput } from "../trainer.ts";
import { classWeights, inputWidth, rowEncoder, type TargetScale, targetScale, targetsOf } from "./examples.ts";
import { fitNetwork, type LossHistory, type NetworkExamples } from "./fit.ts";
import { checkMemory, withinMemory } from "./memory.ts";
import type { LossKind, Shape } from "./network.ts";
import { type NetworkParams, readParams } from "./params.ts";
import { predictNetwork, sensitivities, type TrainedNetwork } from "./predict.ts";
import { factsOf, loadTensorFlow } from "./tensorflow.ts";
import { networkToOnnx } from "./to-onnx.ts";

/** Trains on the table; everything is a function of table, params and seed, except with tfjs-node, whose threads sum in any order. */
export async function trainNetwork({ table, params, seed, log }: TrainingInput): Promise<TrainedModel> {
  checkTable(table);
  const { target, features } = table;
  const settings = readParams(params);
  const scale = target.task === "regression" ? targetScale(target.values) : { mean: 0, deviation: 0 };
  const encoding = fitEncoding(features, settings.maxCategories);
  const shape = shapeFor(inputWidth(encoding), target, settings);
  const batch = Math.min(settings.batchSize, table.rows);
  checkMemory(shape, batch);
  const tensorflow = await loadTensorFlow(settings.backend, log);
  const metric = metricOf(target, scale);
  const examples = examplesOf(table, encoding, scale, settings.balanced);
  const describe = (loss: number) => `${metric.name} ${Number(metric.of(loss).toPrecision(4))}`;
  const { weights, history } = await log.step(
    "Training the network",
    (step) =>
      withinMemory(shape, batch, () => fitNetwork(tensorflow, shape, examples, settings, seed, { step, describe })),
    (fit) => `${fit.history.train.length} epochs on ${tensorflow.backend}`,
  );
  const classes = target.task === "classification" ? target.classes : [];
  const trained: TrainedNetwork = { encoding, shape, layers: weights, classes, scale };
  const predict: TrainedModel["predict"] = (columns) => predictNetwork(tensorflow, trained, columns);
  return {
    onnx: networkToOnnx(trained, features),
    predict,
    importance: sensitivities(features, table.rows, predict),
    coefficients: [],
    curves: curvesOf(history, metric),
    facts: factsOf(tensorflow),
  };
}

function checkTable({ rows, features, target }: Table): void {
  if (rows === 0) throw new UserError({ message: "The train split has no rows, so there is nothing to learn." });
  if (features.length === 0) {
    throw new UserError({ message: "There are no features to train on.", hint: "Add columns to the feature query." });
  }
  if (target.task === "classification" && target.classes.length < 2) {
    throw new UserError({
      message: `A classifier needs at least two classes, but the train split has only ${JSON.stringify(target.classes[0])}.`,
      hint: "Widen `features.window`, or check the query's target.",
      key: "features.target",
    });
  }
}

function shapeFor(inputs: number, target: Target, { hidden, activation }: NetworkParams): Shape {
  return { inputs, hidden, activation, outputs: lossKind(target) === "softmax" ? classCount(target) : 1 };
}

function lossKind(target: Target): LossKind {
  if (target.task === "regression") return "squared";
  return classCount(target) === 2 ? "logistic" : "softmax";
}

function classCount(target: Target): number {
  return target.task === "classification" ? target.classes.length : 0;
}

function examplesOf(
  { features, target }: Table,
  encoding: DesignEncoding,
  scale: TargetScale,
  balanced: boolean,
): NetworkExamples {
  return {
    encoder: rowEncoder(encoding, features),
    targets: targetsOf(target, scale),
    classWeights: classWeights(target, balanced),
    loss: lossKind(target),
  };
}

/** How losses are told: the mean squared error of a standardised target as rmse in its own units. */
interface Metric {
  name: string;
  of(loss: number): number;
}

function metricOf(target: Target, { deviation }: TargetScale): Metric {
  if (target.task === "classification") return { name: "log_loss", of: (loss) => loss };
  return { name: "rmse", of: (loss) => Math.sqrt(loss) * deviation };
}

function curvesOf(history: LossHistory, metric: Metric): TrainingCurve[] {
  return Object.entries(history).flatMap(([rows, losses]: [string, readonly number[]]) => {
    if (losses.length === 0) return [];
    return [{ metric: `${rows} ${metric.name}`, steps: losses.map((_, i) => i + 1), values: losses.map(metric.of) }];
  });
}
