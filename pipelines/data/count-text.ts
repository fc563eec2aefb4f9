import type { Bounds } from "../config/model-config.ts";

/** `53,940`, whatever the machine's locale. */
export function formatCount(count: number | bigint): string {
  return count.toString().replace(/\B(?=(\d{3})+$)/g, ",");
}

/** `1 row`, `53,940 rows`. */
export function countOf(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** At most six significant digits, thousands apart in whole numbers. */
export function numberText(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return formatCount(value);
  return String(Number(value.toPrecision(6)));
}

/** `≥ 10,000`, `≤ 400`, `in [1, 5]`. */
export function boundsText({ min, max }: Bounds): string {
  if (min !== undefined && max !== undefined) return `in [${numberText(min)}, ${numberText(max)}]`;
  return min !== undefined ? `≥ ${numberText(min)}` : `≤ ${numberText(max ?? Number.NaN)}`;
}
