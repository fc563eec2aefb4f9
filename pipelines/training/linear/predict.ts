import type { FeatureColumn } from "../../data/table.ts";
import type { Predictions } from "../trainer.ts";
import { BLOCK_ROWS, blocks, designOf } from "./design.ts";
import type { DesignEncoding } from "./encoding.ts";
import { LARGEST_SCORE } from "./graph.ts";
import { multiply } from "./products.ts";

/** The predictions of weights [width, outputs], by the same steps as the ONNX graph. */
export function predictLinear(
  encoding: DesignEncoding,
  weights: Float64Array,
  classes: readonly string[],
  features: readonly FeatureColumn[],
): Predictions {
  const design = designOf(encoding, features);
  const outputs = weights.length / encoding.width;
  const columns = Math.max(1, classes.length);
  const values = new Float32Array(design.rows * columns);
  const scores = new Float64Array(outputs * BLOCK_ROWS);
  for (const block of blocks(design)) {
    multiply(scores, design, block, weights, outputs);
    for (let i = 0; i < block.count; i++) {
      const logits = Array.from({ length: outputs }, (_, k) => rounded(scores[k * BLOCK_ROWS + i]!));
      values.set(classes.length === 0 ? logits : probabilities(logits), (block.start + i) * columns);
    }
  }
  return { rows: design.rows, classes, values };
}

function rounded(score: number): number {
  return Math.fround(Math.min(LARGEST_SCORE, Math.max(-LARGEST_SCORE, score)));
}

/** One logit stands for two classes; more are a softmax. */
function probabilities(logits: readonly number[]): number[] {
  if (logits.length === 1) return [1 / (1 + Math.exp(logits[0]!)), 1 / (1 + Math.exp(-logits[0]!))];
  const largest = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - largest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}
