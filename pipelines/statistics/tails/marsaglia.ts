/**
 * Exact chance that the largest difference is at most the statistic, as an element of a matrix to the power of `rows`
 * (Marsaglia, Tsang and Wang, Evaluating Kolmogorov's distribution, 2003). The matrix has about 2 rows · statistic rows.
 */
export function matrixDistribution(statistic: number, rows: number): number {
  const k = Math.floor(rows * statistic) + 1;
  const size = 2 * k - 1;
  let { values, exponent } = power({ values: stepMatrix(size, k - rows * statistic), exponent: 0 }, rows, size);
  let chance = values[(k - 1) * size + k - 1]!;
  for (let i = 1; i <= rows; i++) {
    chance *= i / rows;
    if (chance < 1e-140) {
      chance *= 1e140;
      exponent -= 140;
    }
  }
  return chance * 10 ** exponent;
}

/** Times 10 to the exponent, because the powers leave the range of a number. */
interface Scaled {
  values: Float64Array;
  exponent: number;
}

/** 1 / (i − j + 1)! below and next to the diagonal; the first column and the last row know the two bounds, h from a whole row. */
function stepMatrix(size: number, h: number): Float64Array {
  const step = new Float64Array(size * size);
  for (let i = 0; i < size; i++) for (let j = 0; j <= Math.min(i + 1, size - 1); j++) step[i * size + j] = 1;
  for (let i = 0; i < size; i++) {
    step[i * size]! -= h ** (i + 1);
    step[(size - 1) * size + i]! -= h ** (size - i);
  }
  step[(size - 1) * size]! += Math.max(2 * h - 1, 0) ** size;
  for (let i = 0; i < size; i++)
    for (let j = 0; j <= i; j++) for (let g = 1; g <= i - j + 1; g++) step[i * size + j]! /= g;
  return step;
}

function power(base: Scaled, exponent: number, size: number): Scaled {
  if (exponent === 1) return base;
  const half = power(base, Math.floor(exponent / 2), size);
  const square = product(half, half, size);
  return exponent % 2 === 0 ? square : product(base, square, size);
}

function product(a: Scaled, b: Scaled, size: number): Scaled {
  const values = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let l = 0; l < size; l++) {
      const factor = a.values[i * size + l]!;
      for (let j = 0; factor !== 0 && j < size; j++) values[i * size + j]! += factor * b.values[l * size + j]!;
    }
  }
  return scaled(values, a.exponent + b.exponent);
}

function scaled(values: Float64Array, exponent: number): Scaled {
  if (values[(values.length - 1) / 2]! <= 1e140) return { values, exponent };
  return { values: values.map((value) => value * 1e-140), exponent: exponent + 140 };
}
