import type { Tensor2D } from "@tensorflow/tfjs-core";
import type { FeatureColumn } from "../../data/table.ts";
import type { DesignEncoding } from "../linear/encoding.ts";
import { LARGEST_SCORE } from "../linear/graph.ts";
import type { Importance, Predictions } from "../trainer.ts";
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

const MOST_ROWS = 1000;
const LEAST_ROWS = 50;
// Rows predicted in all; a table of many columns gets fewer rows each.
const MOST_PREDICTIONS = 100_000;

/**
 * Each feature's share of how much predictions move (mean absolute change) when its values are those of other rows,
 * half the rows away; equal shares when nothing moves.
 */
export function sensitivities(
  features: readonly FeatureColumn[],
  rows: number,
  predict: (features: readonly FeatureColumn[]) => Predictions,
): Importance[] {
  const count = Math.min(rows, MOST_ROWS, Math.max(LEAST_ROWS, Math.floor(MOST_PREDICTIONS / features.length)));
  const chosen = Int32Array.from({ length: count }, (_, i) => Math.floor((i * rows) / count));
  const rotated = chosen.map((_, i) => chosen[(i + Math.ceil(count / 2)) % count]!);
  const sample = features.map((column) => pick(column, chosen));
  const given = predict(sample).values;
  const effects = features.map((column, f) => {
    const moved = predict(sample.with(f, pick(column, rotated))).values;
    return moved.reduce((sum, value, i) => sum + Math.abs(value - given[i]!), 0);
  });
  const total = effects.reduce((a, b) => a + b, 0);
  const known = total > 0 && Number.isFinite(total);
  return features.map(({ name }, f) => ({ feature: name, share: known ? effects[f]! / total : 1 / features.length }));
}

function pick(column: FeatureColumn, rows: Int32Array): FeatureColumn {
  if (column.kind === "category") return { ...column, codes: rows.map((row) => column.codes[row]!) };
  return { ...column, values: Float32Array.from(rows, (row) => column.values[row]!) };
}
