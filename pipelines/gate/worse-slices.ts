import type { Difference, SliceComparison } from "../evaluation/evaluation.ts";
import { benjaminiHochberg } from "../statistics/tails/benjamini-hochberg.ts";
import { normalQuantile, normalTail, studentAsNormal } from "../statistics/tails/distributions.ts";
import { worsening } from "./differences.ts";

/** Of equally good models, the share in which any slice is taken for worse: a little less than the 5% that is promised, as intervals are estimates too. */
const familyError = 0.04;

/** Which of `count` slices the candidate makes worse beyond noise. */
export interface WorseSlices {
  slices: ReadonlySet<SliceComparison>;
  count: number;
}

/**
 * The slices whose worsening chance does not explain, with all of them considered together (Benjamini and Hochberg 1995). A
 * slice without an interval counts as worse: nothing says that it is chance.
 */
export function worseBeyondNoise(compared: readonly SliceComparison[]): WorseSlices {
  const distinct = [...new Set(compared)];
  const adjusted = benjaminiHochberg(distinct.map(chanceOfWorsening));
  const slices = new Set(distinct.filter((_, at) => adjusted[at]! <= familyError));
  return { slices, count: distinct.length };
}

/**
 * Chance of a worsening this large or larger between equally good models: the distance of zero in half widths of the
 * interval, as of a t distribution with a degree of freedom a row (or group of rows) less one, which is brought to a normal one.
 */
function chanceOfWorsening({ difference, direction, rows, groups = rows }: SliceComparison): number {
  if (!difference) return 0;
  const worse = worsening(difference.value, direction);
  if (worse <= 0) return 1;
  const reach = reachTowardsZero(difference);
  if (reach === 0) return 0;
  return normalTail(
    studentAsNormal((worse / reach) * normalQuantile((1 - difference.confidence) / 2), Math.max(1, groups - 1)),
  );
}

/** From the difference to that end of its interval which is nearer to zero. */
function reachTowardsZero({ value, low, high }: Difference): number {
  return value > 0 ? value - low : high - value;
}
