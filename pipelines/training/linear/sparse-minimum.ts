import { choleskyOf, partOf, solveLower } from "./cholesky.ts";

const MAX_SWEEPS = 5_000;
const FIRST_JUMP = 16;
const JUMPS_APART = 1.2;
const TRACE = 1e-9;
// Of the largest slope: what rounding leaves of the optimality conditions.
const TOLERANCE = 1e-10;
// What columns that are the same to eight digits may leave.
const ACCEPTABLE = 1e-7;

/** ½xᵀAx - bᵀx + Σ lasso·|x|, with A [n, n] symmetric and positive semidefinite. */
export interface SparseQuadratic {
  matrix: Float64Array;
  right: Float64Array;
  lasso: Float64Array;
}

/**
 * The x that minimises the quadratic, weights that the lasso selects out exactly 0: cyclic coordinate descent (Friedman,
 * Hastie, Tibshirani 2010), now and then with jumps to the minimum of the weights that are not 0, without which columns
 * that are almost collinear take for ever. `converged` is false when after 5,000 sweeps
 * the optimality conditions are missed by more than 1e-7 of the largest slope.
 */
export function sparseMinimum(
  quadratic: SparseQuadratic,
  start: Float64Array,
): { x: Float64Array; converged: boolean } {
  const x = start.slice();
  const slope = slopeAt(quadratic, x);
  const enough = TOLERANCE * largest(quadratic.right);
  for (let sweep = 1, jump = FIRST_JUMP; sweep <= MAX_SWEEPS; sweep++) {
    descend(quadratic, x, slope);
    if (violation(quadratic, x, slope) <= enough) return { x, converged: true };
    if (sweep < jump) continue;
    jump = Math.ceil(jump * JUMPS_APART);
    jumpToFaces(quadratic, x);
    slope.set(slopeAt(quadratic, x));
  }
  return { x, converged: violation(quadratic, x, slope) <= ACCEPTABLE * largest(quadratic.right) };
}

/** One sweep; `slope` is b - A·x and stays so. */
function descend({ matrix, lasso }: SparseQuadratic, x: Float64Array, slope: Float64Array): void {
  const size = x.length;
  for (let j = 0; j < size; j++) {
    const curvature = matrix[j * size + j]!;
    if (!(curvature > 0)) continue;
    const next = shrunk(slope[j]! + curvature * x[j]!, lasso[j]!) / curvature;
    const change = next - x[j]!;
    if (change === 0) continue;
    x[j] = next;
    const row = j * size;
    for (let i = 0; i < size; i++) slope[i]! -= change * matrix[row + i]!;
  }
}

function shrunk(value: number, by: number): number {
  if (value > by) return value - by;
  return value < -by ? value + by : 0;
}

function slopeAt({ matrix, right }: SparseQuadratic, x: Float64Array): Float64Array {
  const slope = right.slice();
  for (let j = 0; j < x.length; j++) {
    if (x[j] === 0) continue;
    for (let i = 0; i < x.length; i++) slope[i]! -= x[j]! * matrix[j * x.length + i]!;
  }
  return slope;
}

/** By how much the slope misses the optimality conditions: lasso·sign(x) where x is not 0, within ±lasso where it is. */
function violation({ lasso }: SparseQuadratic, x: Float64Array, slope: Float64Array): number {
  let most = 0;
  for (let j = 0; j < x.length; j++) {
    const own = x[j] === 0 ? Math.abs(slope[j]!) - lasso[j]! : Math.abs(slope[j]! - Math.sign(x[j]!) * lasso[j]!);
    most = Math.max(most, own);
  }
  return most;
}

/** From face to smaller face, until the minimum of one has the signs that the face stands for; never uphill. */
function jumpToFaces(quadratic: SparseQuadratic, x: Float64Array): void {
  for (let left = x.length; left > 0; left--) if (jumpToFace(quadratic, x)) return;
}

/** Moves x to the minimum over the weights that are not 0, their signs kept; false when it stopped because one turned 0. */
function jumpToFace(quadratic: SparseQuadratic, x: Float64Array): boolean {
  const { matrix, lasso } = quadratic;
  const face = [...x.keys()].filter((j) => x[j] !== 0);
  const part = partOf(matrix, x.length, face);
  // Collinear columns leave a direction without curvature; with a trace of it the jump goes that way up to a border.
  const trace = TRACE * face.reduce((most, j) => Math.max(most, matrix[j * x.length + j]!), 0);
  for (let at = 0; at < face.length; at++) part[at * face.length + at]! += trace;
  const lower = choleskyOf(part, face.length);
  if (lower === null) return true;
  const slope = slopeAt(quadratic, x);
  const downhill = Float64Array.from(face, (j) => slope[j]! - Math.sign(x[j]!) * lasso[j]!);
  const goal = solveLower(lower, downhill).map((step, at) => x[face[at]!]! + step);
  const limit = reach(face, x, goal, lasso);
  for (const [at, j] of face.entries()) {
    const stops = reachOf(x[j]!, goal[at]!, lasso[j]!) === limit;
    if (limit === 1) x[j] = goal[at]!;
    else x[j] = stops ? 0 : x[j]! + limit * (goal[at]! - x[j]!);
  }
  return limit === 1;
}

function reach(face: readonly number[], x: Float64Array, goal: Float64Array, lasso: Float64Array): number {
  return face.reduce((least, j, at) => Math.min(least, reachOf(x[j]!, goal[at]!, lasso[j]!)), 1);
}

/** The share of the way from a weight to its goal at which it turns 0; Infinity when it does not, or need not stop there. */
function reachOf(from: number, to: number, lasso: number): number {
  return lasso === 0 || Math.sign(from) === Math.sign(to) ? Number.POSITIVE_INFINITY : from / (from - to);
}

function largest(values: Float64Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}
