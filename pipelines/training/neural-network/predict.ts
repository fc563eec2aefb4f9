import type { Tensor2D } from "@tensorflow/tfjs-core";
import type { FeatureColumn } from "../../data/table.ts";
import type { DesignEncoding } from "../linear/encoding.ts";
import { LARGEST_SCORE } from "../linear/graph.ts";
import type { Predictions } from "../trainer.ts";
import { inOrder, rowEncoder, type TargetScale } from "./examples.ts";
import { createNetwork, type LayerWeights, type Shape } from "./network.ts";
import type { TensorFlow } from "./tensorflow.ts";

/** A trained network, outside TensorFlow's memory. */
export interface TrainedNetwork {
  encoding: DesignEncoding;
  shape: Shape;
  layers: readonly LayerWeights[];
  /** Empty for regression. */
  classes: readonly string[];
  /** Of regression. */
  scale: TargetScale;
}

// Numbers in the widest signal of a batch.
const BATCH_NUMBERS = 2 ** 21;

/** The predictions of the layers that were trained, computed by TensorFlow.js. */
export function predictNetwork(
  tensorflow: TensorFlow,
  trained: TrainedNetwork,
  features: readonly FeatureColumn[],
): Predictions {
  const { shape, classes } = trained;
  const encoder = rowEncoder(trained.encoding, features);
  const columns = Math.max(1, classes.length);
  const values = new Float32Array(encoder.rows * columns);
  const batch = Math.max(1, Math.floor(BATCH_NUMBERS / Math.max(shape.inputs, ...shape.hidden, shape.outputs)));
  using network = createNetwork(tensorflow, shape);
  network.setWeights(trained.layers);
  const rows = inOrder(encoder.rows);
  for (let start = 0; start < rows.length; start += batch) {
    const chosen = rows.subarray(start, start + batch);
    const inputs = new Float32Array(chosen.length * encoder.width);
    encoder.fill(inputs, chosen);
    const scores = tensorflow.core.tidy(() => {
      const signal = network.scores(tensorflow.core.tensor2d(inputs, [chosen.length, encoder.width]));
      return probabilities(tensorflow, signal, classes.length).dataSync<"float32">();
    });
    values.set(classes.length === 0 ? scores.map((score) => rescaled(score, trained.scale)) : scores, start * columns);
  }
  return { rows: encoder.rows, classes, values };
}

/** One logit stands for two classes; more are a softmax; a regression's score stays as it is. */
function probabilities({ core }: TensorFlow, scores: Tensor2D, classes: number): Tensor2D {
  if (classes === 0) return scores;
  if (classes === 2) return core.concat([core.sigmoid(core.neg(scores)), core.sigmoid(scores)], 1);
  return core.softmax(scores);
}

function rescaled(score: number, { mean, deviation }: TargetScale): number {
  return Math.max(-LARGEST_SCORE, Math.min(LARGEST_SCORE, score * deviation + mean));
}
