import type { Solver } from "./penalty.ts";

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
