import { parseUtc } from "../../config/utc-time.ts";
import type { CandidateRecord } from "../../registry/version-record.ts";
import type { ReferenceTimes, TimeSpan } from "../profile/reference-times.ts";
import type { Interval } from "./interval.ts";

/**
 * The stretch of time whose rows a version was trained and tested on: its data window, as far as that was over when it was
 * trained, else what its time column says. null when neither is known.
 */
export function knownData(
  { config, created }: Pick<CandidateRecord, "config" | "created">,
  times: ReferenceTimes | null,
): Interval | null {
  const { window } = config.features;
  const spans = [times?.train, times?.test].flatMap((span) => span ?? []);
  const seen = spans.length === 0 ? null : spanOf(spans);
  const trained = Date.parse(created);
  const written = window && { from: parseUtc(window.start)!, to: parseUtc(window.end)! };
  const to = written && written.to <= trained ? written.to : Math.min(seen?.to ?? written?.to ?? -Infinity, trained);
  const from = written?.from ?? seen?.from ?? Infinity;
  return from < to ? { from: new Date(from), to: new Date(to) } : null;
}

function spanOf(spans: readonly TimeSpan[]): { from: number; to: number } {
  return {
    from: Math.min(...spans.map(({ first }) => Date.parse(first))),
    to: Math.max(...spans.map(({ last }) => Date.parse(last))) + 1, // milliseconds: the last one is included
  };
}

/**
 * Whether a window has rows that a version was trained or tested on. They say nothing of drift: a part of the data differs
 * from the whole of it, and so does what is left of a week, which may be its weekend.
 */
export function overlaps({ from, to }: Interval, known: Interval | null): boolean {
  return known !== null && from < known.to && to > known.from;
}
