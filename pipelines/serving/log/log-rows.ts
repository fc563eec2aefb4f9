import type { FeatureSpec } from "../../data/table.ts";
import type { CandidateRecord } from "../../registry/version-record.ts";
import type { AnsweredRequest } from "../answered-request.ts";
import type { RowBatch, RowColumn } from "../row-batch.ts";
import { type SheetTexts, sheetCodes } from "./log-levels.ts";
import { isSampled, type LogSettings, type Redaction } from "./log-settings.ts";
import { joinedTexts, type LoggedColumn, loggedArms } from "./log-table.ts";
import type { LoggedBlock } from "./writer-protocol.ts";

/** Bytes that a value and a row take at least, as JavaScript keeps them and the engine after it. */
const [numberBytes, codeBytes, textBytes, rowBytes] = [8, 4, 48, 96];

/** Which rows of a request are logged; all when null. */
export function sampledRows({ batch, time }: AnsweredRequest, { sample }: LogSettings): readonly number[] | null {
  if (sample >= 1) return null;
  const rows: number[] = [];
  for (let at = 0; at < batch.rows; at++)
    if (isSampled(sample, { key: batch.keys?.[at] ?? null, time, at })) rows.push(at);
  return rows;
}

/** About how much memory the rows take until they are written. */
export function bytesOf({ batch, error }: AnsweredRequest, rows: number): number {
  let each = rowBytes + (error === null ? 0 : codeBytes);
  let texts = error === null ? 0 : textBytes + 2 * error.length;
  for (const column of batch.columns) {
    each += column.kind === "category" ? codeBytes : numberBytes;
    if (column.kind === "category") for (const text of column.levels) texts += textBytes + 2 * text.length;
  }
  return each * rows + texts;
}

/** Rows of a request that are to be logged; `taken` as `sampledRows` gave it. */
export interface LoggedRows {
  request: AnsweredRequest;
  taken: readonly number[] | null;
  rows: number;
}

/**
 * The rows of several requests to one version as the columns of its `logTable`. Numbers are arrays of their own, to be handed over;
 * texts are codes of what `sheet` has, which takes up what it has not yet.
 */
export function tableRows(
  entries: readonly LoggedRows[],
  { features, classes }: Pick<CandidateRecord, "features" | "classes">,
  redaction: Redaction,
  sheet: SheetTexts,
): LoggedBlock {
  const rows = entries.reduce((sum, entry) => sum + entry.rows, 0);
  const width = Math.max(1, classes.length);
  const columns: LoggedColumn[] = [
    filled(entries, new BigInt64Array(rows), ({ time }) => BigInt(Math.round(time * 1000))),
    filled(entries, new Int32Array(rows), ({ arm }) => loggedArms.indexOf(arm)),
    redaction.key ? null : keyTexts(entries, rows),
  ];
  for (const [at, feature] of features.entries())
    columns.push(
      redaction.features[at]
        ? redacted(feature, rows)
        : featureColumn(entries, rows, feature, at, sheet, columns.length),
    );
  for (let score = 0; score < width; score++) columns.push(scoreColumn(entries, rows, score, width));
  columns.push(filled(entries, new Float64Array(rows), ({ latency_ms }) => latency_ms));
  const errors = sheet.of(columns.length);
  columns.push(filled(entries, new Int32Array(rows), ({ error }) => (error === null ? -1 : errors.codeOf(error))));
  return { rows, columns, levels: sheet.news() };
}

/** The same for all rows of a request. */
function filled<T extends Float64Array | Int32Array | BigInt64Array>(
  entries: readonly LoggedRows[],
  values: T,
  fact: (request: AnsweredRequest) => T[number],
): T {
  let from = 0;
  for (const { request, rows } of entries) {
    (values as { fill(value: T[number], start: number, end: number): unknown }).fill(fact(request), from, from + rows);
    from += rows;
  }
  return values;
}

function redacted({ kind }: FeatureSpec, rows: number): LoggedColumn {
  return kind === "category" ? new Int32Array(rows).fill(-1) : new Float64Array(rows).fill(Number.NaN);
}

function featureColumn(
  entries: readonly LoggedRows[],
  rows: number,
  { name, kind }: FeatureSpec,
  at: number,
  sheet: SheetTexts,
  place: number,
): LoggedColumn {
  const found = entries.map(({ request }) => columnOf(request.batch, name, at));
  let from = 0;
  if (kind === "category") {
    const into = new Int32Array(rows).fill(-1);
    for (const [entry, { taken, rows: own }] of entries.entries()) {
      const column = found[entry];
      if (column?.kind === "category") sheetCodes(column, taken, { of: sheet.of(place), into, from, rows: own });
      from += own;
    }
    return into;
  }
  const values = new Float64Array(rows);
  for (const [entry, { taken, rows: own }] of entries.entries()) {
    const column = found[entry];
    if (column === undefined || column.kind === "category") values.fill(Number.NaN, from, from + own);
    else if (taken === null) values.set(column.values, from);
    else for (let row = 0; row < own; row++) values[from + row] = column.values[taken[row]!]!;
    from += own;
  }
  return values;
}

/** What failed may have come in the order of another version. */
function columnOf({ columns }: RowBatch, name: string, at: number): RowColumn | undefined {
  const column = columns[at];
  return column?.name === name ? column : columns.find((each) => each.name === name);
}

function scoreColumn(entries: readonly LoggedRows[], rows: number, score: number, width: number): Float32Array {
  const values = new Float32Array(rows);
  let from = 0;
  for (const { request, taken, rows: own } of entries) {
    const { predictions } = request;
    if (predictions === null) values.fill(Number.NaN, from, from + own);
    else if (width === 1 && taken === null) values.set(predictions.values, from);
    else
      for (let row = 0; row < own; row++)
        values[from + row] = predictions.values[(taken?.[row] ?? row) * width + score]!;
    from += own;
  }
  return values;
}

/** null when no request has any. */
function keyTexts(entries: readonly LoggedRows[], rows: number): LoggedColumn {
  if (entries.every(({ request }) => request.batch.keys === null)) return null;
  const values = new Array<string | null>(rows);
  let place = 0;
  for (const { request, taken, rows: own } of entries) {
    const { keys } = request.batch;
    for (let row = 0; row < own; row++) values[place++] = keys?.[taken?.[row] ?? row] ?? null;
  }
  return joinedTexts(values);
}
