import { CholeskyDecomposition, Matrix } from "ml-matrix";

const MAX_STEPS = 100;

/**
 * Solves A·x = b for a positive (semi)definite A given as a product, with a preconditioner close to A⁻¹, until the
 * residual (in the preconditioner's norm) has shrunk by the factor `tolerance`. (Shewchuk 1994, B3.)
 */
export function conjugateGradient(
  times: (vector: Float64Array) => Float64Array,
  right: Float64Array,
  precondition: Solver,
  tolerance: number,
): Float64Array {
  const x = new Float64Array(right.length);
  const residual = right.slice();
  let scaled = precondition(residual);
  let direction = scaled;
  let size = inner(residual, scaled);
  const enough = tolerance ** 2 * size;
  for (let step = 0; step < MAX_STEPS && size > enough; step++) {
    const image = times(direction);
    const curvature = inner(direction, image);
    // A direction without curvature, by rounding, leads nowhere.
    if (!(curvature > 0)) break;
    add(x, size / curvature, direction);
    add(residual, -size / curvature, image);
    scaled = precondition(residual);
    const next = inner(residual, scaled);
    const momentum = next / size;
    direction = scaled.map((value, i) => value + momentum * direction[i]!);
    size = next;
  }
  return x;
}

/** Adds `factor`·b to a. */
export function add(a: Float64Array, factor: number, b: Float64Array): void {
  for (let i = 0; i < a.length; i++) a[i]! += factor * b[i]!;
}

/** Σ aᵢbᵢ, in the order of i. */
export function inner(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** Gives the x of A·x = b, both [width, outputs]. */
type Solver = (right: Float64Array) => Float64Array;

/** The penalty of each column: none on the intercept, on the others `l2`, but at least `least`. */
export function penalties(width: number, l2: number, least: number): Float64Array {
  return new Float64Array(width).fill(Math.max(l2, least)).fill(0, 0, 1);
}

/** Factors gram + diag(penalty), which is positive definite; `gram` is [width, width] and symmetric. */
export function factor(gram: Float64Array, penalty: Float64Array, outputs: number): Solver {
  const width = penalty.length;
  const matrix = Matrix.from1DArray(width, width, gram as unknown as number[]);
  for (let i = 0; i < width; i++) matrix.set(i, i, matrix.get(i, i) + penalty[i]!);
  const cholesky = new CholeskyDecomposition(matrix);
  if (!cholesky.isPositiveDefinite()) throw new Error("The normal equations are not positive definite.");
  return (right) => {
    const solution = cholesky.solve(Matrix.from1DArray(width, outputs, right as unknown as number[]));
    return Float64Array.from(solution.to1DArray());
  };
}
