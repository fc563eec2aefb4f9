/** A moment so many months later (or earlier, when negative), UTC; the month's last day when it is too short for the same day. */
export function addMonths(moment: number, months: number): number {
  const date = new Date(moment);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth() + months];
  const first = new Date(Date.UTC(2000, 0, 1)).setUTCFullYear(year, month, 1);
  const last = new Date(Date.UTC(2000, 0, 1)).setUTCFullYear(year, month + 1, 0);
  const sameDay = first + (date.getUTCDate() - 1) * dayMs;
  return Math.min(sameDay, last) + timeOfDay(moment);
}

/** Whole months between two moments on the same day of the month at the same time; null for any others. */
export function wholeMonths(from: number, to: number): number | null {
  const [start, end] = [new Date(from), new Date(to)];
  if (start.getUTCDate() !== end.getUTCDate() || timeOfDay(from) !== timeOfDay(to)) return null;
  return (end.getUTCFullYear() - start.getUTCFullYear()) * 12 + end.getUTCMonth() - start.getUTCMonth();
}

/** Milliseconds of a day. */
export const dayMs = 24 * 60 * 60 * 1000;

/** Milliseconds since midnight UTC. */
export function timeOfDay(moment: number): number {
  return moment - Math.floor(moment / dayMs) * dayMs;
}
