/** Evidently divides by no smaller deviation than this. */
const leastDeviation = 0.001;

/** The first Wasserstein distance of two sorted samples, in standard deviations (ddof 0) of the reference. Both have values. */
export function normalisedWasserstein(reference: Float64Array, current: Float64Array): number {
  return wassersteinDistance(reference, current) / Math.max(deviation(reference), leastDeviation);
}

/** The area between the two distribution functions. */
function wassersteinDistance(reference: Float64Array, current: Float64Array): number {
  let [i, j, area] = [0, 0, 0];
  let previous = Math.min(reference[0]!, current[0]!);
  while (i < reference.length || j < current.length) {
    const value = Math.min(reference[i] ?? Number.POSITIVE_INFINITY, current[j] ?? Number.POSITIVE_INFINITY);
    area += Math.abs(i / reference.length - j / current.length) * (value - previous);
    while (reference[i] === value) i++;
    while (current[j] === value) j++;
    previous = value;
  }
  return area;
}

function deviation(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}
