import { UserError } from "../../errors/user-error.ts";
import { add, conjugateGradient, inner } from "./conjugate-gradient.ts";
import type { Design } from "./design.ts";
import { type Curvature, logLossObjective, type Objective } from "./log-loss.ts";
import { factor, penalties } from "./penalty.ts";

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
