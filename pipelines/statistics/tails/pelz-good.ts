const pi2 = Math.PI ** 2;

/**
 * Chance that the largest difference is at most the statistic, with three terms of correction for a finite number of rows; for
 * more than 140 rows, to about six digits (Pelz and Good, Approximating the lower tail-areas of the Kolmogorov-Smirnov
 * one-sample statistic, 1976).
 */
export function limitingDistribution(statistic: number, rows: number): number {
  const z = statistic * Math.sqrt(rows);
  const [limit, first, second, third] = oddSums(z);
  const [evenSecond, evenThird] = evenSums(z);
  const terms = [
    limit / z,
    first / (6 * z ** 4),
    second / (72 * z ** 7) - (pi2 * evenSecond) / (36 * z ** 3),
    third / (6480 * z ** 10) + (pi2 * evenThird) / (216 * z ** 6),
  ];
  return Math.sqrt(2 * Math.PI) * terms.reduce((sum, term, order) => sum + term / rows ** (order / 2), 0);
}

const termsNeeded = (z: number) => Math.ceil((16 * z) / Math.PI);

function oddSums(z: number): [number, number, number, number] {
  const sums: [number, number, number, number] = [0, 0, 0, 0];
  for (let m = 2 * termsNeeded(z) - 1; m > 0; m -= 2) {
    const a = (pi2 * m * m) / 4;
    const weight = Math.exp(-a / (2 * z * z));
    sums[0] += weight;
    sums[1] += (a - z ** 2) * weight;
    sums[2] += (6 * z ** 6 + 2 * z ** 4 + (2 * z ** 4 - 5 * z ** 2) * a + (1 - 2 * z ** 2) * a * a) * weight;
    const free = -30 * z ** 6 - 90 * z ** 8;
    const linear = (135 * z ** 4 - 96 * z ** 6) * a;
    const square = (212 * z ** 4 - 60 * z ** 2) * a * a;
    sums[3] += (free + linear + square + (5 - 30 * z ** 2) * a ** 3) * weight;
  }
  return sums;
}

function evenSums(z: number): [number, number] {
  let [second, third] = [0, 0];
  for (let k = termsNeeded(z); k > 0; k--) {
    const weight = k * k * Math.exp((-pi2 * k * k) / (2 * z * z));
    second += weight;
    third += (3 * z * z - pi2 * k * k) * weight;
  }
  return [second, third];
}
