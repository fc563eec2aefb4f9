/** A stretch of time: `from` inclusive, `to` exclusive. */
export interface Interval {
  from: Date;
  to: Date;
}

const hour = 60 * 60 * 1000;

const units: Readonly<Record<string, number>> = { h: hour, d: 24 * hour, w: 7 * 24 * hour };

/** Milliseconds of a duration such as `7d`, `12h` or `4w`. */
export function durationOf(text: string): number {
  const [, count, unit = ""] = /^(\d{1,4})([hdw])$/.exec(text) ?? [];
  const length = units[unit];
  if (count === undefined || length === undefined) throw new Error(`${JSON.stringify(text)} is not like 7d`);
  return Number(count) * length;
}

/**
 * The last whole window before a moment. Windows of days and weeks end at midnight UTC and those of hours at the full hour,
 * so that every run of a day looks at the same rows. There is no summer time in UTC: a day has 24 hours.
 */
export function intervalBefore(now: Date, window: string): Interval {
  const to = Math.floor(now.getTime() / gridOf(window)) * gridOf(window);
  return { from: new Date(to - durationOf(window)), to: new Date(to) };
}

/** The first whole window from a moment on. */
export function intervalAfter(moment: Date, window: string): Interval {
  const from = Math.ceil(moment.getTime() / gridOf(window)) * gridOf(window);
  return { from: new Date(from), to: new Date(from + durationOf(window)) };
}

function gridOf(window: string): number {
  return window.endsWith("h") ? hour : 24 * hour;
}

/** The window `count` windows before this one; they touch and do not overlap. */
export function earlierInterval({ from, to }: Interval, count: number): Interval {
  const shift = count * (to.getTime() - from.getTime());
  return { from: new Date(from.getTime() - shift), to: new Date(to.getTime() - shift) };
}

/** As ISO UTC texts, which JSON can hold. */
export function spanOf({ from, to }: Interval): { from: string; to: string } {
  return { from: from.toISOString(), to: to.toISOString() };
}
