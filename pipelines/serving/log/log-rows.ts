import type { CandidateRecord } from "../../registry/version-record.ts";
import type { AnsweredRequest } from "../answered-request.ts";
import type { RowBatch, RowColumn } from "../row-batch.ts";
import { isSampled, type LogSettings, type Redaction } from "./log-settings.ts";
import type { LoggedColumn } from "./log-table.ts";

/** Bytes that a value and a row take at least, as JavaScript keeps them and the engine after it. */
const [numberBytes, textBytes, rowBytes] = [8, 24, 96];

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
  let each = rowBytes + (error === null ? 0 : textBytes);
  for (const column of batch.columns) {
    if (column.kind === "category") each += textBytes + 2 * (column.values[0]?.length ?? 0);
    else each += numberBytes;
  }
  return each * rows;
}

/** Rows of a request that are to be logged; `taken` as `sampledRows` gave it. */
export interface LoggedRows {
  request: AnsweredRequest;
  taken: readonly number[] | null;
  rows: number;
}

/** The rows of several requests to one version as the columns of its `logTable`. Numbers are arrays of their own, to be handed over. */
export function tableRows(
  entries: readonly LoggedRows[],
  { features, classes }: Pick<CandidateRecord, "features" | "classes">,
  redaction: Redaction,
): { rows: number; columns: LoggedColumn[] } {
  const rows = entries.reduce((sum, entry) => sum + entry.rows, 0);
  const numbers = (cellOf: (request: AnsweredRequest, row: number) => number) => {
    const values = new Float64Array(rows);
    eachRow(entries, (request, row, place) => (values[place] = cellOf(request, row)));
    return values;
  };
  const texts = (cellOf: (request: AnsweredRequest, row: number) => string | null) => {
    const values = new Array<string | null>(rows);
    eachRow(entries, (request, row, place) => (values[place] = cellOf(request, row)));
    return values;
  };
  const width = Math.max(1, classes.length);
  const columns = [
    numbers(({ time }) => time),
    texts(({ arm }) => arm),
    texts(({ batch }, row) => (redaction.key ? null : (batch.keys?.[row] ?? null))),
    ...features.map(({ name, kind }, at) => {
      const hidden = redaction.features[at];
      if (kind === "category")
        return texts(({ batch }, row) => (hidden ? null : textIn(columnOf(batch, name, at), row)));
      return numbers(({ batch }, row) => (hidden ? Number.NaN : numberIn(columnOf(batch, name, at), row)));
    }),
    ...Array.from({ length: width }, (_, score) =>
      numbers(({ predictions }, row) => predictions?.values[row * width + score] ?? Number.NaN),
    ),
    numbers(({ latency_ms }) => latency_ms),
    texts(({ error }) => error),
  ];
  return { rows, columns };
}

function eachRow(
  entries: readonly LoggedRows[],
  work: (request: AnsweredRequest, row: number, place: number) => void,
): void {
  let place = 0;
  for (const { request, taken, rows } of entries)
    for (let at = 0; at < rows; at++) work(request, taken?.[at] ?? at, place++);
}

/** What failed may have come in the order of another version. */
function columnOf({ columns }: RowBatch, name: string, at: number): RowColumn | undefined {
  const column = columns[at];
  return column?.name === name ? column : columns.find((each) => each.name === name);
}

function textIn(column: RowColumn | undefined, row: number): string | null {
  return column?.kind === "category" ? (column.values[row] ?? null) : null;
}

function numberIn(column: RowColumn | undefined, row: number): number {
  return column === undefined || column.kind === "category" ? Number.NaN : (column.values[row] ?? Number.NaN);
}
