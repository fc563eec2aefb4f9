import { formatCount } from "../statistics/format-number.ts";

/** One model's predictions ready to be scored, or why they cannot be. */
export type Side<Scored> = { scored: Scored } | { problem: string };

/** What is compared: the candidate, production when there is one to score, and the naive baseline, all on the same rows. */
export interface Sides<Scored> {
  rows: number;
  candidate: Side<Scored>;
  production: Side<Scored> | null;
  naive: Scored;
  /** Some of the rows, for a slice. */
  take(scored: Scored, rows: Int32Array): Scored;
}

/** `3 of 10,000 predictions are NaN or infinite`, or null when all are numbers. */
export function notFinite(values: ArrayLike<number>, what: string): string | null {
  let bad = 0;
  for (let at = 0; at < values.length; at++) if (!Number.isFinite(values[at])) bad += 1;
  return bad === 0 ? null : `${formatCount(bad)} of ${formatCount(values.length)} ${what} are NaN or infinite`;
}
