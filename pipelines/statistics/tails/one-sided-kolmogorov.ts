import { deviance, stirlingError } from "./saddle-point.ts";

/** From more rows than these on the sum is as good as its approximation. */
const mostRowsForSum = 100_000;

/** Chance that the distribution function of `rows` values exceeds that of their distribution by the statistic (0..1) or more. */
export function oneSidedTail(statistic: number, rows: number): number {
  // Maag and Dicaire, On Kolmogorov-Smirnov type one-sample statistics, 1971
  if (rows > mostRowsForSum) return Math.exp(-((6 * rows * statistic + 1) ** 2) / (18 * rows));
  let sum = (1 - statistic) ** rows;
  for (let j = 1; j < rows * (1 - statistic); j++) sum += smirnovTerm(j, statistic, rows);
  return sum;
}

/** x C(n, j) (x + j/n)ʲ⁻¹ (1 − x − j/n)ⁿ⁻ʲ, a binomial density over its p (Smirnov 1944). */
function smirnovTerm(j: number, statistic: number, rows: number): number {
  const mean = rows * statistic + j;
  const rest = rows - j;
  const stirling = stirlingError(rows) - stirlingError(j) - stirlingError(rest);
  const exponent = stirling - deviance(j, mean) - deviance(rest, rows - mean);
  return ((statistic * rows) / mean) * Math.sqrt(rows / (2 * Math.PI * j * rest)) * Math.exp(exponent);
}
