import type { Difference, Direction } from "../evaluation/evaluation.ts";
import { formatNumber, formatPercent, formatSigned } from "../statistics/format-number.ts";

/** How much worse than production, in the metric's unit: positive is worse, whichever way the metric points. */
export function worsening(difference: number, direction: Direction): number {
  return direction === "min" ? difference : -difference;
}

/** The interval cannot tell the two models apart. */
export function withinNoise({ low, high }: Difference): boolean {
  return low <= 0 && high >= 0;
}

/** `95% interval +0.33 … +0.49`. */
export function describeInterval({ low, high, confidence }: Difference): string {
  return `${formatConfidence(confidence)} interval ${formatSigned(low)} … ${formatSigned(high)}`;
}

/** `95%`, and as many nines as it takes: 0.9975 is `99.75%`. */
export function formatConfidence(confidence: number): string {
  const nines = Math.ceil(-Math.log10(1 - confidence));
  return formatPercent(confidence, Number.isFinite(nines) ? Math.min(Math.max(3, 1 + nines), 15) : 3);
}

/**
 * How many times the test rows would move `limit` out of an interval of this shape, because its width shrinks with the
 * square root of the rows. null when no realistic number would: the difference is (almost) at the limit.
 */
function timesTheRows({ value, low, high }: Difference, limit: number): number | null {
  const reach = value < limit ? high - value : value - low;
  const times = (reach / Math.abs(value - limit)) ** 2;
  return Number.isFinite(times) && times <= 1000 ? Math.max(times, 1) : null;
}

/** `about 3× the test rows would settle it`, as a clause. */
export function whatWouldSettle(difference: Difference, limit: number): string {
  const times = timesTheRows(difference, limit);
  if (times === null) return "no realistic number of test rows would settle a difference this small";
  const rounded = times < 10 ? Math.ceil(times * 2) / 2 : Math.ceil(Number(times.toPrecision(2)));
  return `about ${formatNumber(rounded)}× the test rows would settle a difference this size`;
}
