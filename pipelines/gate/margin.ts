/** How much worse than production is still allowed: a share of production's size, or in the metric's unit. */
export type Margin = { relative: number } | { absolute: number };

/** In the metric's unit. A relative margin is a share of |production|, so that a negative score does not turn it around. */
export function allowedWorsening(margin: Margin, production: number): number {
  return "relative" in margin ? margin.relative * Math.abs(production) : margin.absolute;
}

/** `worse ≤ allowed`, forgiving only the rounding of numbers of size `scale`: 1.1 − 1 is within 10% of 1. NaN is never within. */
export function atMost(worse: number, allowed: number, scale: number): boolean {
  return worse <= allowed + 4 * Number.EPSILON * scale;
}
