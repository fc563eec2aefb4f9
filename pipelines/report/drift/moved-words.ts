import { formatNumber, formatPercent } from "../../statistics/format-number.ts";
import type { ColumnDrift, DriftFacts, Effect, ShapeBar } from "../../watch/drift/drift-result.ts";

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
