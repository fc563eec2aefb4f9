import type { ModelDrift, Span } from "../../drift/model-drift.ts";
import { formatCount } from "../../evaluation/format-number.ts";
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

/** How the window lies to the data the version has: none of its rows is new, a part of them, or it is older. null when it is later. */
export function overlapOf({ window, reference: { known } }: ModelDrift): "none new" | "part new" | "older" | null {
  if (known === null || window.from >= known.to) return null;
  if (window.to <= known.from) return "older";
  return window.to <= known.to ? "none new" : "part new";
}

/** A sentence of `overlapOf`; empty for a window that is later, as it should be. */
export function overlapText(drift: ModelDrift): string {
  const { version, reference } = drift;
  const known = reference.known && spanText(toDays(reference.known));
  switch (overlapOf(drift)) {
    case "none new":
      return `v${version} was trained and tested on the rows of ${known}, so that this window cannot show drift.`;
    case "part new":
      return `Only its rows from ${momentText(reference.known!.to)} on are looked at: v${version} was trained and tested on those of ${known}.`;
    case "older":
      return `It is older than what v${version} was trained and tested on, ${known}.`;
    default:
      return "";
  }
}

/** A stretch that ends during a day reads better with that day as its last. */
function toDays({ from, to }: Span): Span {
  const end = Math.ceil(Date.parse(to) / dayMs) * dayMs;
  return { from: `${from.slice(0, 10)}T00:00:00Z`, to: new Date(end).toISOString() };
}

const dayMs = 24 * 60 * 60 * 1000;

/** `2001-04-01`, or with the minute when it is no midnight. */
export function momentText(time: string): string {
  return time.slice(11, 16) === "00:00" ? time.slice(0, 10) : `${time.slice(0, 16)}Z`;
}
