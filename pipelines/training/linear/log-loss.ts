import { BLOCK_ROWS, type Block, blocks, type Design } from "./design.ts";
import { addGram, addTransposed, mirror, multiply } from "./products.ts";
import { toProbabilities } from "./softmax.ts";

/** What Newton's method asks of one point: loss, gradient [width, outputs], and the Hessian in two forms. */
export interface Curvature {
  loss: number;
  gradient: Float64Array;
  /** The Gram matrix [width, width] of rows weighted by their mean p(1 - p): for one output it is the Hessian, for more an average of its blocks. */
  gram: Float64Array;
  /** The Hessian times a direction; never builds the Hessian, which has (width·outputs)² numbers. */
  times(direction: Float64Array): Float64Array;
}

/** The penalised log loss Σ -log p + ½ Σ penalty·W² as a function of the weights W [width, outputs]. */
export interface Objective {
  loss(weights: Float64Array): number;
  curvature(weights: Float64Array): Curvature;
}

/** The objective on the rows of a design; `codes` are the classes, and two classes have one output. */
export function logLossObjective(design: Design, codes: Int32Array, outputs: number, penalty: Float64Array): Objective {
  const probabilities = new Float64Array(outputs * BLOCK_ROWS);
  function* passes(weights: Float64Array): Generator<{ block: Block; loss: number }> {
    for (const block of blocks(design)) {
      multiply(probabilities, design, block, weights, outputs);
      const own = codes.subarray(block.start, block.start + block.count);
      yield { block, loss: toProbabilities(probabilities, outputs, block.count, own) };
    }
  }
  return {
    loss(weights) {
      let sum = penaltyOf(weights, penalty, outputs);
      for (const { loss } of passes(weights)) sum += loss;
      return sum;
    },
    curvature(weights) {
      const gradient = weights.map((weight, i) => weight * penalty[Math.floor(i / outputs)]!);
      const gram = new Float64Array(design.width ** 2);
      // [blocks, outputs, BLOCK_ROWS]; float32 is precise enough for a curvature, and one output never asks for it.
      const kept = new Float32Array(outputs === 1 ? 0 : Math.ceil(design.rows / BLOCK_ROWS) * probabilities.length);
      const rowWeights = new Float64Array(BLOCK_ROWS);
      let sum = penaltyOf(weights, penalty, outputs);
      for (const { block, loss } of passes(weights)) {
        sum += loss;
        if (outputs > 1) kept.set(probabilities, block.start * outputs);
        meanVariance(rowWeights, probabilities, outputs, block.count);
        addGram(gram, design, block, rowWeights);
        subtractTruth(probabilities, codes, outputs, block);
        addTransposed(gradient, design, block, probabilities, outputs);
      }
      mirror(gram, design.width);
      return {
        loss: sum,
        gradient,
        gram,
        times: (direction) => hessianTimes(design, penalty, kept, direction, outputs),
      };
    },
  };
}

function hessianTimes(
  design: Design,
  penalty: Float64Array,
  probabilities: Float32Array,
  direction: Float64Array,
  outputs: number,
): Float64Array {
  const product = direction.map((value, i) => value * penalty[Math.floor(i / outputs)]!);
  const change = new Float64Array(outputs * BLOCK_ROWS);
  for (const block of blocks(design)) {
    multiply(change, design, block, direction, outputs);
    timesCovariance(change, probabilities.subarray(block.start * outputs), outputs, block.count);
    addTransposed(product, design, block, change, outputs);
  }
  return product;
}

function penaltyOf(weights: Float64Array, penalty: Float64Array, outputs: number): number {
  let sum = 0;
  for (let i = 0; i < weights.length; i++) sum += 0.5 * penalty[Math.floor(i / outputs)]! * weights[i]! ** 2;
  return sum;
}

function meanVariance(out: Float64Array, probabilities: Float64Array, outputs: number, count: number): void {
  out.fill(0);
  for (let k = 0; k < outputs; k++) {
    for (let i = 0; i < count; i++) {
      const p = probabilities[k * BLOCK_ROWS + i]!;
      out[i]! += (p * (1 - p)) / outputs;
    }
  }
}

function subtractTruth(probabilities: Float64Array, codes: Int32Array, outputs: number, block: Block): void {
  for (let i = 0; i < block.count; i++) {
    const code = codes[block.start + i]!;
    if (outputs === 1) probabilities[i]! -= code;
    else probabilities[code * BLOCK_ROWS + i]! -= 1;
  }
}

/** Multiplies each row's change by diag(p) - ppᵀ. */
function timesCovariance(change: Float64Array, probabilities: Float32Array, outputs: number, count: number): void {
  for (let i = 0; i < count; i++) {
    let mean = 0;
    for (let k = 0; k < outputs; k++) mean += probabilities[k * BLOCK_ROWS + i]! * change[k * BLOCK_ROWS + i]!;
    for (let k = 0; k < outputs; k++) {
      change[k * BLOCK_ROWS + i] = probabilities[k * BLOCK_ROWS + i]! * (change[k * BLOCK_ROWS + i]! - mean);
    }
  }
}
