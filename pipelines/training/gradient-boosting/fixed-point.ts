/** Largest power of two that is at most `x` (`x` > 0, normal range), so that scaling by it never rounds. */
export function powerOfTwoBelow(x: number): number {
  let power = 2 ** Math.floor(Math.log2(x));
  while (power > x) power /= 2;
  while (power * 2 <= x) power *= 2;
  return power;
}

/** Largest absolute value, 0 of nothing. */
export function largest(values: Float64Array): number {
  let found = 0;
  for (const value of values) found = Math.max(found, Math.abs(value));
  return found;
}

/**
 * Power of two by which values up to `bound` may be multiplied and rounded so that any sum of `count` of them
 * is an exact integer in a Float64, whatever the order of the additions.
 */
export function exactScale(count: number, bound: number): number {
  // Below the limit nothing is left in a float32 prediction, and the scale would overflow.
  return bound > 2 ** -900 ? powerOfTwoBelow(2 ** 52 / (count + 1) / bound) : 1;
}

/**
 * Mean that does not depend on the order of the values: a coarse fixed-point sum and a fine one of what it rounds away,
 * together about 60 bits of the largest value. 0 of nothing.
 */
export function exactMean(values: Float64Array): number {
  const scale = exactScale(values.length, largest(values));
  const fineScale = exactScale(values.length, 1);
  let coarse = 0;
  let fine = 0;
  for (const value of values) {
    const scaled = value * scale;
    const rounded = Math.round(scaled);
    coarse += rounded;
    fine += Math.round((scaled - rounded) * fineScale);
  }
  return values.length === 0 ? 0 : (coarse + fine / fineScale) / scale / values.length;
}

// Math.floor(x + 0.5) rounds as well as Math.round, which takes a branch that is mispredicted half of the time.

/** Sum of the first `count` values in fixed point. */
export function fixedSum(values: Float64Array, count: number, scale: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += Math.floor(values[i]! * scale + 0.5);
  return sum;
}

/** The same of the rows from..to that are chosen; values[0] is that of row `from`. */
export function fixedSumOf(values: Float64Array, chosen: Uint8Array, from: number, to: number, scale: number): number {
  let sum = 0;
  for (let row = from; row < to; row++) sum += chosen[row]! * Math.floor(values[row - from]! * scale + 0.5);
  return sum;
}

/** Writes values[0..] to fixed[from..to) and gives the sum of their absolute values. */
export function toFixed(values: Float64Array, fixed: Int32Array, from: number, to: number, scale: number): number {
  let sum = 0;
  for (let row = from; row < to; row++) {
    const rounded = Math.floor(values[row - from]! * scale + 0.5);
    sum += Math.abs(rounded);
    fixed[row] = rounded;
  }
  return sum;
}
