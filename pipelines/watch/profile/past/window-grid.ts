import type { TimeSpan } from "../reference-times.ts";
import { partsOfWindow } from "./past.ts";

/** The last whole windows of a split, which touch and end where it ends. */
export interface WindowGrid {
  /** Start of the first, ms. */
  from: number;
  /** ms. */
  window: number;
  count: number;
}

const hour = 3_600_000;
const day = 24 * hour;

/** Two years of weeks. */
const mostWindows = 104;

/** Whole days, or whole hours where the window is none. null when not even one window fits. */
export function windowGrid({ first, last }: TimeSpan, window: number): WindowGrid | null {
  const unit = window % day === 0 ? day : hour;
  const start = Math.floor(Date.parse(first) / unit) * unit;
  const end = (Math.floor(Date.parse(last) / unit) + 1) * unit;
  const count = Math.min(mostWindows, Math.floor((end - start) / window));
  return count < 1 ? null : { from: end - count * window, window, count };
}

/** SQL for the part of its window that a row belongs to, counted from the first window on; null for rows before. `time` is a timestamp. */
export function partOf({ from, window }: WindowGrid, time: string): string {
  const since = `(epoch_ms(${time}) - ${from})`;
  return `CASE WHEN isfinite(${time}) AND ${since} >= 0 THEN CAST(floor(${since} * ${partsOfWindow} / ${window}) AS INTEGER) END`;
}
