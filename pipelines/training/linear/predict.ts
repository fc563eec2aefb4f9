import type { FeatureColumn } from "../../data/table.ts";
import { NORMAL_QUANTILE, studentQuantile } from "../../statistics/tails/distributions.ts";
import type { Predictions } from "../trainer.ts";
import { choleskyOf, inverseOf, partOf } from "./cholesky.ts";
import { BLOCK_ROWS, blocks, type Design, designOf, multiply } from "./design.ts";
import type { DesignEncoding } from "./encoding.ts";
import { LARGEST_SCORE } from "./graph.ts";
import { informationOf, type LogisticFit, tieIntercepts } from "./logistic.ts";
import { type NormalEquations, squaredResiduals } from "./normal-equations.ts";

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

/** A linear combination of the weights: pairs of position in the weights and factor. */
type Combination = readonly (readonly [position: number, factor: number])[];

/** Half the width of a combination's 95% interval, or null when the rows cannot tell it. */
export type Margins = (combination: Combination) => number | null;

// The inverse takes the cube of it, a second or two; a table of more is not read anyway.
const MOST_WEIGHTS = 1_000;
// Per row. Columns that sum to others have no inverse without; with less, rounding would show in the intervals.
const LEAST_PENALTY = 1e-7;
// With fewer degrees of freedom the intervals would say little, and the quantile's expansion is not exact.
const LEAST_FREEDOM = 3;

const none: Margins = () => null;

/** The weights' covariance up to a factor; `trace` is the effective number of weights. */
interface Covariance {
  deviation: Margins;
  trace: number;
}

/**
 * Margins of a ridge regression or elastic net: t·√(s²·cᵀA⁻¹·XᵀX·A⁻¹c) with A = XᵀX + l2 and s² the squared residuals over
 * rows - tr(A⁻¹XᵀX). They hold the spread of the estimate, not the bias that a penalty adds. Only weights that are not 0
 * take part: with l1 the interval is conditional on the selection, as if these columns had been chosen beforehand.
 */
export function regressionMargins(
  design: Design,
  { gram }: NormalEquations,
  target: Float64Array,
  weights: Float64Array,
  l2: number,
): Margins {
  const covariance = covarianceOf(weights, design.rows, 1, l2, () => gram);
  const freedom = design.rows - (covariance?.trace ?? design.rows);
  if (covariance === null || freedom < LEAST_FREEDOM) return none;
  const residual = Math.sqrt(squaredResiduals(design, target, weights) / freedom);
  return scaled(covariance.deviation, studentQuantile(freedom) * residual);
}

/** Margins of a logistic regression, z·√(cᵀA⁻¹·F·A⁻¹c) with the observed information F and A = F + l2; else as of a regression. */
export function logisticMargins(
  design: Design,
  codes: Int32Array,
  { weights, outputs }: LogisticFit,
  l2: number,
): Margins {
  const information = () => informationOf(design, codes, weights, outputs);
  const covariance = covarianceOf(weights, design.rows, outputs, l2, information);
  return covariance === null ? none : scaled(covariance.deviation, NORMAL_QUANTILE);
}

function scaled(margins: Margins, factor: number): Margins {
  return (combination) => {
    const deviation = margins(combination);
    return deviation === null ? null : deviation * factor;
  };
}

// A⁻¹FA⁻¹ is A⁻¹ - A⁻¹PA⁻¹ with P = A - F: the penalties, and the tie between the intercepts of several classes.
function covarianceOf(
  weights: Float64Array,
  rows: number,
  outputs: number,
  l2: number,
  information: () => Float64Array,
): Covariance | null {
  const kept = [...weights.keys()].filter((at) => at < outputs || weights[at] !== 0);
  if (weights.length > MOST_WEIGHTS) return null;
  const size = kept.length;
  const penalty = Math.max(l2, LEAST_PENALTY * rows);
  const matrix = partOf(information(), weights.length, kept);
  for (let i = outputs; i < size; i++) matrix[i * size + i]! += penalty;
  tieIntercepts(matrix, size, outputs, rows);
  const lower = choleskyOf(matrix, size);
  if (lower === null) return null;
  const inverse = inverseOf(lower, size);
  const placeOf = new Map(kept.map((position, place) => [position, place]));
  let trace = size;
  for (let i = outputs; i < size; i++) trace -= penalty * inverse[i * size + i]!;
  return { trace, deviation: (each) => deviationOf(inverse, size, { each, placeOf, outputs, penalty, rows }) };
}

function deviationOf(
  inverse: Float64Array,
  size: number,
  of: { each: Combination; placeOf: Map<number, number>; outputs: number; penalty: number; rows: number },
): number | null {
  const image = new Float64Array(size);
  const places = of.each.flatMap(([position, factor]) => {
    const place = of.placeOf.get(position);
    return place === undefined ? [] : [[place, factor] as const];
  });
  for (const [place, factor] of places) {
    for (let i = 0; i < size; i++) image[i]! += factor * inverse[place * size + i]!;
  }
  let variance = 0;
  for (const [place, factor] of places) variance += factor * image[place]!;
  for (let i = of.outputs; i < size; i++) variance -= of.penalty * image[i]! ** 2;
  if (of.outputs > 1) {
    const tied = image.subarray(0, of.outputs).reduce((sum, value) => sum + value, 0);
    variance -= (of.rows / of.outputs) * tied ** 2;
  }
  return variance > 0 && Number.isFinite(variance) ? Math.sqrt(variance) : null;
}
