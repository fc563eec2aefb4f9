import { formatCount, formatNumber, formatPercent } from "../../statistics/format-number.ts";
import type { ColumnDrift, DriftFacts, Effect, ShapeBar } from "../../watch/drift/drift-result.ts";
import type { ModelDrift, Span } from "../../watch/drift/model-drift.ts";
import { type Interval, intervalAfter } from "../../watch/window/interval.ts";
import { overlaps } from "../../watch/window/known-data.ts";

/** Makes a text from the data safe where it is shown. */
export type Safe = (text: string) => string;

/** What moved in a column, in words: `mean 6.9 → 9.8`, `unseen: ZRH 3%`, `missing 1% → 20%`. Empty for one that is stable. */
export function movedWords(column: ColumnDrift, safe: Safe): string {
  if (column.state === "vanished") return "the column is gone";
  if (column.state === "type changed") return "its values have another type";
  if (column.state === "not compared") return "no values to compare";
  if (column.calendar && column.verdict === "stable") return calendarWords(column, column.calendar, safe);
  if (column.verdict === "stable") return "";
  return column.effects
    .filter(({ exceeds }) => exceeds)
    .map((effect) => effectWords(effect, column, safe))
    .join("; ");
}

/** A model knows no other part of the calendar than the one it was trained on, which is no drift. */
function calendarWords(
  { reference, current }: ColumnDrift,
  { of, outside }: { of: string; outside: number },
  safe: Safe,
): string {
  if (outside === 0) return `the ${safe(of)}, as trained`;
  const { min, max } = reference;
  const known = min === null || max === null ? "" : `: ${rangeOf(current)}, trained on ${range(min, max)}`;
  return `the ${safe(of)}, ${percent(outside)} outside the trained range${known}`;
}

function rangeOf(facts: DriftFacts | null): string {
  return facts === null || facts.min === null || facts.max === null ? "no values" : range(facts.min, facts.max);
}

function effectWords({ name }: Effect, column: ColumnDrift, safe: Safe): string {
  const { reference, current } = column;
  switch (name) {
    case "missing":
      return `missing ${percent(reference.missing)} → ${percent(current?.missing ?? 0)}`;
    case "infinite":
      return `infinite ${percent(reference.infinite)} → ${percent(current?.infinite ?? 0)}`;
    case "unseen":
      return unseenWords(current, safe);
    default:
      return column.kind === "numeric" ? numberWords(column, safe) : barWords(column.shape, 2, safe);
  }
}

function unseenWords(current: DriftFacts | null, safe: Safe): string {
  const values = (current?.unseen ?? []).slice(0, 3);
  return `unseen: ${values.map(({ value, share }) => `${named(value, safe)} ${percent(share)}`).join(", ")}`;
}

/** The plainest of what explains the distance: another range, another mean, another spread, or where the values went. */
function numberWords({ reference, current, shape }: ColumnDrift, safe: Safe): string {
  const { mean, deviation, min, max } = reference;
  if (!current || mean === null || deviation === null || min === null || max === null) return "";
  if (current.mean === null || current.deviation === null || current.min === null || current.max === null) return "";
  if (current.min > max || current.max < min)
    return `${range(current.min, current.max)}, outside of ${range(min, max)}`;
  const shift = Math.abs(current.mean - mean);
  if (shift >= deviation / 20) return `mean ${pair(mean, current.mean)}`;
  const spread = current.deviation / deviation;
  if (spread > 1.15 || spread < 0.87) return `standard deviation ${pair(deviation, current.deviation)}`;
  return barWords(shape, 1, safe);
}

/** The bars that changed most. */
function barWords(shape: readonly ShapeBar[], count: number, safe: Safe): string {
  return shape
    .toSorted((a, b) => change(b) - change(a))
    .slice(0, count)
    .map((bar) => `${named(bar.label, safe)}: ${percent(bar.reference)} → ${percent(bar.current)}`)
    .join(", ");
}

function change({ reference, current }: ShapeBar): number {
  return Math.abs(current - reference);
}

function named(value: string, safe: Safe): string {
  return value.trim() === "" ? "(blank)" : safe(value);
}

function range(low: number, high: number): string {
  return low === high ? formatNumber(low, 3) : `${formatNumber(low, 3)} … ${formatNumber(high, 3)}`;
}

/** With as many digits as tell the two apart. */
function pair(before: number, now: number): string {
  const digits = [2, 3, 4, 5, 6].find((each) => formatNumber(before, each) !== formatNumber(now, each)) ?? 6;
  return `${formatNumber(before, Math.max(digits, 3))} → ${formatNumber(now, Math.max(digits, 3))}`;
}

/** A share as per cent, whole ones from 10% on. */
export function percent(share: number): string {
  return formatPercent(share, share >= 0.1 ? 2 : 1);
}

/** The effect that decides on a column: of those beyond their limits the one that is so most, else the distance of the values. */
function decidingEffect({ effects }: ColumnDrift): Effect | null {
  const beyond = effects.filter(({ exceeds }) => exceeds);
  const most = beyond.toSorted((a, b) => timesLimit(b) - timesLimit(a))[0];
  return most ?? effects[0] ?? null;
}

function timesLimit({ name, value, limit }: Effect): number {
  return name === "p-value" || limit <= 0 ? 0 : value / limit;
}

/** `0.31 (0.1)`; of other effects than the distance of the values with their names, `missing 0.19 (0.05)`. */
export function distanceText(column: ColumnDrift): string {
  const effect = decidingEffect(column);
  if (column.calendar && column.verdict === "stable") return "calendar";
  if (!effect || column.state !== "compared") return "";
  const named =
    effect === column.effects[0] && isDistance(effect) ? "" : `${effect.name === "p-value" ? "p" : effect.name} `;
  return `${named}${formatNumber(effect.value, 2)} (${formatNumber(effect.limit, 2)})`;
}

function isDistance({ name }: Effect): boolean {
  return name === "wasserstein" || name === "total variation" || name === "jensen-shannon";
}

/** Whether chance is ruled out; a column that is gone needs no test. */
export function significanceText({ state, significant, p }: ColumnDrift): string {
  return state !== "compared" || p === null ? "" : significant ? "yes" : "no";
}

/** Predictions have no importance. */
export function weightText(column: ColumnDrift, isPrediction: boolean): string {
  return isPrediction ? "" : formatNumber(column.weight, 2);
}

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

/** Days, the last one included, for a window of whole days; else timestamps, the end excluded. */
export function spanText({ from, to }: Span): string {
  const midnight = (time: string) => /T00:00(:00(\.0+)?)?Z?$/.test(time);
  if (!midnight(from) || !midnight(to)) return `${from.slice(0, 16)}Z … ${to.slice(0, 16)}Z`;
  const last = new Date(Date.parse(to) - 24 * 60 * 60 * 1000).toISOString().slice(0, 10);
  return from.startsWith(last) ? last : `${from.slice(0, 10)} … ${last}`;
}
