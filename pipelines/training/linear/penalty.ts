import { CholeskyDecomposition, Matrix } from "ml-matrix";

/** Gives the x of A·x = b, both [width, outputs]. */
export type Solver = (right: Float64Array) => Float64Array;

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
