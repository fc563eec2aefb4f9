import type { Session } from "../../../data/engines/session.ts";
import { quoteName, quoteText } from "../../../data/engines/tables.ts";
import type { ReferenceColumn } from "../describe-distributions.ts";
import { type Distribution, sketched } from "../distribution.ts";
import { type TimeSpan, timestampOf } from "../reference-times.ts";
import { calendarColumns } from "./calendar.ts";
import { countParts, groupEffect, partOf, type SketchedColumn, type WindowGrid, windowGrid } from "./count-parts.ts";
import { type ColumnPast, noPast } from "./past.ts";
import { isWholeYear, type Season, seasonOf } from "./season.ts";
import { spreadOf } from "./spread-of.ts";

/** When the rows happened, and which of them belong together. */
export interface PastRows {
  /** SQL for a timestamp, and the first and last; null without a time. */
  time: { sql: string; span: TimeSpan } | null;
  /** `drift.window`, ms. */
  window: number;
  /** `drift.group`'s column; null for none. */
  group: string | null;
}

/** Columns that are counted together, so that memory does not grow with their number. */
const together = 25;

const week = 7 * 24 * 3_600_000;

/** What is known of each column's past, from the rows that its distribution was counted of. */
export async function columnPasts(
  session: Session,
  from: string,
  columns: readonly { reference: ReferenceColumn; described: Distribution; mayBeCalendar: boolean }[],
  rows: PastRows,
): Promise<ColumnPast[]> {
  const { time } = rows;
  const candidates = columns.flatMap(({ reference: { column, kind }, mayBeCalendar }) =>
    mayBeCalendar ? [{ column, isNumber: kind === "numeric" }] : [],
  );
  const calendar = time ? await calendarColumns(session, from, candidates, time.sql) : new Map<string, string>();
  const pasts: ColumnPast[] = [];
  for (let start = 0; start < columns.length; start += together) {
    const sketches = columns
      .slice(start, start + together)
      .map(({ reference: { column }, described }) => ({ column, sketch: sketched(described) }));
    const found = await pastsOf(session, from, sketches, rows);
    pasts.push(...found.map((past, at) => ({ ...past, calendar: calendar.get(sketches[at]!.column) ?? null })));
  }
  // Of the calendar itself no window is like another.
  return pasts.map((past) => (past.calendar === null ? past : { ...noPast, calendar: past.calendar }));
}

async function pastsOf(
  session: Session,
  from: string,
  columns: readonly SketchedColumn[],
  { time, window, group }: PastRows,
): Promise<ColumnPast[]> {
  const grid = time && windowGrid(time.span, window);
  const windows = time && grid && (await countParts(session, from, columns, { grid, time: time.sql }));
  const seasons =
    time && (await seasonsOf(session, from, columns, { ...time, known: grid && windows ? { grid, windows } : null }));
  const pasts: ColumnPast[] = [];
  for (const [at, column] of columns.entries()) {
    const clusters = group && groupIn(quoteName(group), time && grid ? partOf(grid, time.sql) : null);
    pasts.push({
      ...noPast,
      spread: windows ? spreadOf(windows[at]!) : null,
      groups: clusters ? await groupEffect(session, from, column, clusters) : 0,
      season: seasons?.[at] ?? null,
    });
  }
  return pasts;
}

/** The same customer in another window is another group of it. */
function groupIn(group: string, part: string | null): string {
  return part === null
    ? group
    : `CASE WHEN ${group} IS NOT NULL THEN struct_pack(g := ${group}, w := (${part}) // 7) END`;
}

/** Seasons are of weeks, whatever the window. */
async function seasonsOf(
  session: Session,
  from: string,
  columns: readonly SketchedColumn[],
  {
    sql,
    span,
    known,
  }: { sql: string; span: TimeSpan; known: { grid: WindowGrid; windows: Distribution[][][] } | null },
): Promise<Season[] | null> {
  const grid = windowGrid(span, week);
  if (!grid || !isWholeYear(grid)) return null;
  const weeks =
    known?.grid.window === week ? known.windows : await countParts(session, from, columns, { grid, time: sql });
  return weeks.map((each) => seasonOf(each, grid));
}

/** A stored split, and what its config says of its past. */
export interface PastSource {
  file: string;
  columns: readonly { name: string }[];
  /** `features.time`, and when the split's rows happened. */
  time: string | null;
  span: TimeSpan | null;
  window: number;
  group: string | null;
}

/** Where the past of a split's columns is read. */
export async function pastRows(
  session: Session,
  { file, columns, time, span, window, group }: PastSource,
): Promise<PastRows> {
  const sql = time && span ? await timestampOf(session, `read_parquet(${quoteText(file)})`, time) : null;
  const known = columns.some(({ name }) => name === group);
  return { time: sql && span ? { sql, span } : null, window, group: known ? group : null };
}

const ownTime = "mergeml_time";
const ownGroup = "mergeml_group";

/** The predictions beside the time and the group of their rows, which lie in the same order in the test split. */
export function predictedRows(predictions: string, test: string, rows: PastRows): { from: string; rows: PastRows } {
  const own = [
    ...(rows.time ? [`${rows.time.sql} AS ${ownTime}`] : []),
    ...(rows.group ? [`${quoteName(rows.group)} AS ${ownGroup}`] : []),
  ];
  const scored = `read_parquet(${quoteText(predictions)})`;
  if (own.length === 0) return { from: scored, rows };
  const from = `(FROM ${scored} POSITIONAL JOIN (SELECT ${own.join(", ")} FROM read_parquet(${quoteText(test)})))`;
  const time = rows.time && { ...rows.time, sql: ownTime };
  return { from, rows: { ...rows, time, group: rows.group && ownGroup } };
}
