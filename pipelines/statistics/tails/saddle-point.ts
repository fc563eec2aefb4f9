/**
 * x ln(x / mean) + mean − x for positive numbers: with `stirlingError`, densities come without the cancellation of large
 * logarithms (Loader, Fast and accurate computation of binomial probabilities, 2000).
 */
export function deviance(x: number, mean: number): number {
  const excess = (mean - x) / x;
  return Math.abs(excess) < 0.1 ? x * smallDeviance(excess) : x * Math.log(x / mean) + mean - x;
}

/** u − ln(1 + u) for small u, by its series. */
function smallDeviance(u: number): number {
  let [sum, power] = [0, -u];
  for (let i = 2; ; i++) {
    power *= -u;
    const next = sum - power / i;
    if (next === sum) return -next;
    sum = next;
  }
}

/** ln Γ(x + 1) − ln(√(2πx) (x / e)ˣ) for x > 0: Stirling's series from 16 on, below by the recurrence of the gamma function. */
export function stirlingError(x: number): number {
  if (x < 16) return stirlingError(x + 1) + (x + 0.5) * Math.log1p(1 / x) - 1;
  const inverse = 1 / (x * x);
  return (1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - inverse / 1188) * inverse) * inverse) * inverse) / x;
}
