import { addMonths, dayMs } from "../retrain/calendar-months.ts";

/**
 * Where a data window that ended at `windowEnd` should end by now, going by the cadence: the last whole week or calendar month
 * (UTC) after its end that is over. null while none is, and for `never`.
 */
export function retrainDue(schedule: "never" | "weekly" | "monthly", windowEnd: Date, now: Date): Date | null {
  const [end, present] = [windowEnd.getTime(), now.getTime()];
  if (schedule === "never" || present < end) return null;
  const steps = schedule === "weekly" ? Math.floor((present - end) / (7 * dayMs)) : monthsOver(end, present);
  if (steps === 0) return null;
  return new Date(schedule === "weekly" ? end + steps * 7 * dayMs : addMonths(end, steps));
}

/** Counted from the end itself, so that a window that ends on the 31st stays at the ends of months. */
function monthsOver(end: number, present: number): number {
  const [from, to] = [new Date(end), new Date(present)];
  const months = (to.getUTCFullYear() - from.getUTCFullYear()) * 12 + to.getUTCMonth() - from.getUTCMonth();
  return addMonths(end, months) <= present ? months : months - 1;
}
