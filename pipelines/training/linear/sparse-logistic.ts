import { UserError } from "../../errors/expected-error.ts";
import { add, inner, penalties } from "./conjugate-gradient.ts";
import type { Design } from "./design.ts";
import {
  type Curvature,
  informationOf,
  type LogisticFit,
  logLossObjective,
  type Objective,
  tieIntercepts,
} from "./logistic.ts";
import { sparseMinimum } from "./sparse-minimum.ts";

const MAX_STEPS = 100;
const TOLERANCE = 1e-11;
// Its square in doubles is 128 MB.
const MOST_WEIGHTS = 4_000;

interface Point {
  weights: Float64Array;
  /** With both penalties. */
  loss: number;
}

/**
 * Weights that minimise Σ -log p + ½·l2·ΣW² + l1·Σ|W|, intercepts not penalised: scikit-learn's LogisticRegression(C,
 * l1_ratio) with l2 = (1 - l1_ratio)/C and l1 = l1_ratio/C. Newton's method, each step of which is an elastic net (Lee,
 * Sun, Saunders 2014), with step halving. Throws UserError if it does not converge or has too many weights for its Hessian.
 */
export function fitSparseLogistic(
  design: Design,
  codes: Int32Array,
  classes: number,
  { l2, l1 }: { l2: number; l1: number },
): LogisticFit {
  const outputs = classes === 2 ? 1 : classes;
  checkSize(design.width * outputs);
  const penalty = penalties(design.width, l2, 0);
  const objective = logLossObjective(design, codes, outputs, penalty);
  const lasso = new Float64Array(design.width * outputs).fill(l1).fill(0, 0, outputs);
  let weights: Float64Array = new Float64Array(design.width * outputs);
  const losses: number[] = [];
  while (losses.length < MAX_STEPS) {
    const curvature = objective.curvature(weights);
    const at = { weights, loss: curvature.loss + lassoOf(lasso, weights) };
    losses.push(at.loss / design.rows);
    const goal = newtonGoal(curvature, hessianOf(curvature, design, codes, weights, penalty), lasso, weights);
    const fall = -inner(curvature.gradient, difference(goal, weights)) + lassoOf(lasso, weights) - lassoOf(lasso, goal);
    const next = stepTowards(objective, lasso, at, goal, fall);
    if (next === null) break;
    weights = next;
    if (fall <= TOLERANCE * (1 + at.loss)) return { weights, outputs, losses };
  }
  throw new UserError({
    message: `The logistic regression did not converge in ${losses.length} steps.`,
    hint: "Raise `params.l2` or `params.l1`: some combination of features separates the classes almost perfectly.",
    key: "params.l2",
  });
}

function checkSize(weights: number): void {
  if (weights <= MOST_WEIGHTS) return;
  throw new UserError({
    message: `With \`l1\`, a logistic regression can have ${MOST_WEIGHTS} weights (columns times classes), but this one has ${weights}.`,
    hint: "Lower `params.max_categories`, or leave `params.l1` at 0.",
    key: "params.l1",
  });
}

/** The second derivatives with the l2 penalty, and a trace on the intercepts, whose curvature may vanish. */
function hessianOf(
  { gram }: Curvature,
  design: Design,
  codes: Int32Array,
  weights: Float64Array,
  penalty: Float64Array,
): Float64Array {
  const outputs = weights.length / design.width;
  const hessian = outputs === 1 ? gram : informationOf(design, codes, weights, outputs);
  const trace = 1e-12 * design.rows;
  for (let j = 0; j < weights.length; j++) {
    hessian[j * weights.length + j]! += Math.max(trace, penalty[Math.floor(j / outputs)]!);
  }
  tieIntercepts(hessian, weights.length, outputs, design.rows);
  return hessian;
}

/** Where the quadratic that touches the objective at the weights has its minimum. */
function newtonGoal(
  { gradient }: Curvature,
  hessian: Float64Array,
  lasso: Float64Array,
  weights: Float64Array,
): Float64Array {
  const right = gradient.map((value, j) => {
    return inner(hessian.subarray(j * weights.length, (j + 1) * weights.length), weights) - value;
  });
  // Far from the goal a step that is not exact goes downhill too, and near it the fall tells.
  return sparseMinimum({ matrix: hessian, right, lasso }, weights).x;
}

/** The goal, or as many halvings nearer as it takes for the loss to fall (Armijo); null when it never does. */
function stepTowards(
  objective: Objective,
  lasso: Float64Array,
  from: Point,
  goal: Float64Array,
  fall: number,
): Float64Array | null {
  const rounding = 1e-12 * (1 + from.loss);
  const direction = difference(goal, from.weights);
  for (let size = 1; size > 1e-12; size /= 2) {
    const moved = size === 1 ? goal.slice() : from.weights.slice();
    if (size < 1) add(moved, size, direction);
    if (objective.loss(moved) + lassoOf(lasso, moved) <= from.loss - 1e-4 * size * fall + rounding) return moved;
  }
  return null;
}

function lassoOf(lasso: Float64Array, weights: Float64Array): number {
  return inner(lasso, weights.map(Math.abs));
}

function difference(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((value, i) => value - b[i]!);
}
