import { formatCount } from "../../statistics/format-number.ts";
import type { ModelDrift, Span } from "../../watch/drift/model-drift.ts";
import { type Interval, intervalAfter } from "../../watch/window/interval.ts";
import { overlaps } from "../../watch/window/known-data.ts";
import { spanText } from "./span-text.ts";

/** `the 9,000 rows that trained v2 (2001-01-01 … 2001-03-14)`, and what its predictions are compared with. */
export function referenceWords({ version, reference, result }: ModelDrift): string {
  const trained = `the ${formatCount(reference.rows)} rows that trained v${version}${trainedWhen(reference)}`;
  if (result.predictions.length === 0) return trained;
  return `${trained}, its predictions against those on its ${formatCount(reference.tested)} test rows`;
}

/** A data window has the test split too, so that it does not say when the train split was. */
function trainedWhen({ times, window }: ModelDrift["reference"]): string {
  if (times) return ` (${rowsText(times)})`;
  if (!window) return "";
  const time = (text: string) => (text.length === 10 ? `${text}T00:00:00Z` : text);
  return ` (a part of its window ${spanText({ from: time(window.start), to: time(window.end) })})`;
}

/** The first and last day with rows; of a single day the minutes. */
function rowsText({ first, last }: NonNullable<ModelDrift["reference"]["times"]>): string {
  const [from, to] = [first.slice(0, 10), last.slice(0, 10)];
  return from === to ? `${first.slice(0, 16)}Z … ${last.slice(0, 16)}Z` : `${from} … ${to}`;
}

/** Why the window is not compared at all; null when it is. */
export function overlapWords({ window, version, reference: { known } }: ModelDrift): string | null {
  if (known === null || !overlaps(intervalOf(window), intervalOf(known))) return null;
  return `overlaps what v${version} was trained and tested on, the rows of ${knownText(known)}, and is not compared`;
}

/** A sentence for a window that is older than the reference; empty for others. */
export function olderText({ window, version, reference: { known } }: ModelDrift): string {
  if (known === null || window.to > known.from) return "";
  return `The window is older than what v${version} was trained and tested on, the rows of ${knownText(known)}.`;
}

/** The first window that is new to the version, and how to look at it. */
export function firstNewWindow({ model, every, reference: { known } }: ModelDrift): { span: Span; command: string } {
  const { from, to } = intervalAfter(new Date(known?.to ?? 0), every);
  const span = { from: from.toISOString(), to: to.toISOString() };
  return { span, command: `mergeml drift ${model} --now ${momentText(span.to)}` };
}

function intervalOf({ from, to }: Span): Interval {
  return { from: new Date(from), to: new Date(to) };
}

/** Days; one that has begun counts. */
function knownText({ from, to }: Span): string {
  const end = intervalAfter(new Date(to), "1d").from;
  return spanText({ from: `${from.slice(0, 10)}T00:00:00Z`, to: end.toISOString() });
}

/** `2001-04-01`, or with the minute when it is no midnight. */
export function momentText(time: string): string {
  return time.slice(11, 16) === "00:00" ? time.slice(0, 10) : `${time.slice(0, 16)}Z`;
}
