import { matrixDistribution } from "./marsaglia.ts";
import { oneSidedTail } from "./one-sided-kolmogorov.ts";
import { limitingDistribution } from "./pelz-good.ts";

/**
 * Chance that the distribution function of `rows` values differs from that of their distribution by the statistic or more, by
 * the method that is best where it lies (Simard and L'Ecuyer, Computing the two-sided Kolmogorov-Smirnov distribution, 2011).
 */
export function oneSampleTail(statistic: number, rows: number): number {
  if (statistic >= 1) return 0;
  if (rows * statistic <= 0.5) return 1;
  const few = rows <= 140;
  const scaled = rows * statistic ** 2;
  // Far out, a function that is too high somewhere is nowhere too low.
  if (scaled >= (few ? 4 : 2.2) || statistic >= 0.5) return Math.min(2 * oneSidedTail(statistic, rows), 1);
  const exact = few || (rows <= 100_000 && rows * statistic ** 1.5 <= 1.4);
  const within = exact ? matrixDistribution(statistic, rows) : limitingDistribution(statistic, rows);
  return Math.min(Math.max(1 - within, 0), 1);
}
