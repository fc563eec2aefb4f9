import { UserError } from "../../errors/expected-error.ts";
import { add, conjugateGradient, factor, inner, penalties } from "./conjugate-gradient.ts";
import { addGram, addTransposed, BLOCK_ROWS, type Block, blocks, type Design, mirror, multiply } from "./design.ts";
import { toProbabilities } from "./softmax.ts";

const MAX_STEPS = 100;
// Relative to the loss. A Newton step squares the error, so what is left after the last one is rounding.
const TOLERANCE = 1e-10;

// Per row. Without any, classes that the features separate have no finite weights; more, and it would show in predictions.
const LEAST_PENALTY = 1e-7;

/** Weights [width, outputs], and the mean log loss before each step. */
export interface LogisticFit {
  weights: Float64Array;
  outputs: number;
  losses: readonly number[];
}

/**
 * Weights that minimise Σ -log p + ½·l2·ΣW², intercepts not penalised: scikit-learn's LogisticRegression(C=1/l2).
 * Newton's method (iteratively reweighted least squares) with step halving. Throws UserError if it does not converge.
 */
export function fitLogistic(design: Design, codes: Int32Array, classes: number, l2: number): LogisticFit {
  const outputs = classes === 2 ? 1 : classes;
  const penalty = penalties(design.width, l2, LEAST_PENALTY * design.rows);
  const objective = logLossObjective(design, codes, outputs, penalty);
  // The intercept's curvature vanishes when all probabilities are near 0 or 1; a trace of it keeps the factor positive.
  const traced = penalty.with(0, 1e-12 * design.rows);
  const weights = new Float64Array(design.width * outputs);
  const losses: number[] = [];
  // A Newton step far from the goal need not be exact: its precision follows the slope.
  let steepest = 0;
  while (losses.length < MAX_STEPS) {
    const curvature = objective.curvature(weights);
    losses.push(curvature.loss / design.rows);
    const slope = Math.sqrt(inner(curvature.gradient, curvature.gradient));
    steepest = Math.max(steepest, slope);
    const precision = Math.max(1e-3, Math.min(0.1, slope / (steepest || 1)));
    const direction = newtonDirection(curvature, traced, outputs, precision);
    const decrease = -inner(curvature.gradient, direction);
    if (!takeStep(objective, weights, direction, curvature.loss, decrease)) break;
    if (decrease <= TOLERANCE * (1 + curvature.loss)) return { weights, outputs, losses };
  }
  throw new UserError({
    message: `The logistic regression did not converge in ${losses.length} steps.`,
    hint: "Raise `params.l2`: some combination of features separates the classes almost perfectly.",
    key: "params.l2",
  });
}

/** -H⁻¹·gradient: for two classes the Gram matrix is the Hessian; for more it makes a preconditioner. */
function newtonDirection(
  { gradient, gram, times }: Curvature,
  penalty: Float64Array,
  outputs: number,
  precision: number,
): Float64Array {
  const solve = factor(gram, penalty, outputs);
  const downhill = gradient.map((value) => -value);
  return outputs === 1 ? solve(downhill) : conjugateGradient(times, downhill, solve, precision);
}

/** Moves the weights along the direction, by half as much until the loss falls (Armijo); false when it never does. */
function takeStep(
  objective: Objective,
  weights: Float64Array,
  direction: Float64Array,
  loss: number,
  decrease: number,
): boolean {
  const rounding = 1e-12 * (1 + loss);
  for (let size = 1; size > 1e-12; size /= 2) {
    const moved = weights.slice();
    add(moved, size, direction);
    if (objective.loss(moved) <= loss - 1e-4 * size * decrease + rounding) {
      weights.set(moved);
      return true;
    }
  }
  return false;
}

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

/**
 * The observed information of a logistic regression, the second derivatives of Σ -log p without penalty:
 * [width·outputs, width·outputs], in the order of the weights. Memory grows with the square of both.
 */
export function informationOf(design: Design, codes: Int32Array, weights: Float64Array, outputs: number): Float64Array {
  const grams = Array.from({ length: outputs ** 2 }, (_, at) => {
    return at % outputs < Math.floor(at / outputs) ? null : new Float64Array(design.width ** 2);
  });
  const probabilities = new Float64Array(outputs * BLOCK_ROWS);
  const rowWeights = new Float64Array(BLOCK_ROWS);
  for (const block of blocks(design)) {
    multiply(probabilities, design, block, weights, outputs);
    toProbabilities(probabilities, outputs, block.count, codes.subarray(block.start, block.start + block.count));
    for (const [at, gram] of grams.entries()) {
      if (gram === null) continue;
      covariance(rowWeights, probabilities, Math.floor(at / outputs), at % outputs, block.count);
      addGram(gram, design, block, rowWeights);
    }
  }
  for (const gram of grams) if (gram !== null) mirror(gram, design.width);
  return interleaved(grams, design.width, outputs);
}

function covariance(out: Float64Array, probabilities: Float64Array, k: number, other: number, count: number): void {
  for (let i = 0; i < count; i++) {
    const p = probabilities[k * BLOCK_ROWS + i]!;
    out[i] = p * ((k === other ? 1 : 0) - probabilities[other * BLOCK_ROWS + i]!);
  }
}

function interleaved(grams: readonly (Float64Array | null)[], width: number, outputs: number): Float64Array {
  const size = width * outputs;
  const whole = new Float64Array(size * size);
  for (let k = 0; k < outputs; k++) {
    for (let other = 0; other < outputs; other++) {
      const gram = (grams[k * outputs + other] ?? grams[other * outputs + k])!;
      for (let a = 0; a < width; a++) {
        const row = (a * outputs + k) * size + other;
        for (let b = 0; b < width; b++) whole[row + b * outputs] = gram[a * width + b]!;
      }
    }
  }
  return whole;
}

/** Adds rows/outputs to every pair of intercepts: the one direction that no probability depends on, all intercepts up by the same, gets a curvature. */
export function tieIntercepts(matrix: Float64Array, size: number, outputs: number, rows: number): void {
  if (outputs === 1) return;
  for (let k = 0; k < outputs; k++) {
    for (let other = 0; other < outputs; other++) matrix[k * size + other]! += rows / outputs;
  }
}
