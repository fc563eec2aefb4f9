/** The rows and columns `kept` of a matrix [width, width]. */
export function partOf(matrix: Float64Array, width: number, kept: readonly number[]): Float64Array {
  const part = new Float64Array(kept.length ** 2);
  for (let i = 0; i < kept.length; i++) {
    const row = kept[i]! * width;
    for (let j = 0; j < kept.length; j++) part[i * kept.length + j] = matrix[row + kept[j]!]!;
  }
  return part;
}

/** The lower triangle L of A = L·Lᵀ as [size, size], or null when the symmetric A is not positive definite. */
export function choleskyOf(matrix: Float64Array, size: number): Float64Array | null {
  const lower = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * size + j]!;
      for (let k = 0; k < j; k++) sum -= lower[i * size + k]! * lower[j * size + k]!;
      if (i > j) lower[i * size + j] = sum / lower[j * size + j]!;
      else if (sum > 0 && Number.isFinite(sum)) lower[i * size + i] = Math.sqrt(sum);
      else return null;
    }
  }
  return lower;
}

/** The x of L·Lᵀ·x = right. */
export function solveLower(lower: Float64Array, right: Float64Array): Float64Array {
  const size = right.length;
  const x = right.slice();
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < i; k++) x[i]! -= lower[i * size + k]! * x[k]!;
    x[i]! /= lower[i * size + i]!;
  }
  for (let i = size - 1; i >= 0; i--) {
    x[i]! /= lower[i * size + i]!;
    for (let k = 0; k < i; k++) x[k]! -= lower[i * size + k]! * x[i]!;
  }
  return x;
}

/** (L·Lᵀ)⁻¹ as [size, size]: L⁻ᵀ·L⁻¹, which uses that L⁻¹ is triangular too. */
export function inverseOf(lower: Float64Array, size: number): Float64Array {
  const half = inverseOfLower(lower, size);
  const inverse = new Float64Array(size * size);
  for (let k = 0; k < size; k++) {
    for (let i = 0; i <= k; i++) {
      const factor = half[k * size + i]!;
      for (let j = 0; j <= i; j++) inverse[i * size + j]! += factor * half[k * size + j]!;
    }
  }
  for (let i = 0; i < size; i++) for (let j = 0; j < i; j++) inverse[j * size + i] = inverse[i * size + j]!;
  return inverse;
}

function inverseOfLower(lower: Float64Array, size: number): Float64Array {
  const inverse = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    const own = 1 / lower[i * size + i]!;
    for (let k = 0; k < i; k++) {
      const factor = -own * lower[i * size + k]!;
      for (let j = 0; j <= k; j++) inverse[i * size + j]! += factor * inverse[k * size + j]!;
    }
    inverse[i * size + i] = own;
  }
  return inverse;
}
