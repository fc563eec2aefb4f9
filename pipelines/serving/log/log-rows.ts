import type { FeatureSpec } from "../../data/table.ts";
import type { CandidateRecord } from "../../registry/version-record.ts";
import type { AnsweredRequest } from "../answered-request.ts";
import type { RowBatch, RowColumn } from "../row-batch.ts";
import { isSampled, type LogSettings, type Redaction } from "./log-settings.ts";
import { joinedTexts, type LoggedColumn, loggedArms } from "./log-table.ts";

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
  const each = (fact: (request: AnsweredRequest) => number) =>
    numbers(entries, rows, (values, { request, rows: own }, from) => values.fill(fact(request), from, from + own));
  const width = Math.max(1, classes.length);
  const columns: LoggedColumn[] = [
    each(({ time }) => time),
    each(({ arm }) => loggedArms.indexOf(arm)),
    redaction.key ? null : texts(entries, rows, ({ batch }) => batch.keys),
    ...features.map((feature, at) => (redaction.features[at] ? null : featureColumn(entries, rows, feature, at))),
    ...Array.from({ length: width }, (_, score) => scoreColumn(entries, rows, score, width)),
    each(({ latency_ms }) => latency_ms),
    errorTexts(entries, rows),
  ];
  return { rows, columns };
}

function featureColumn(
  entries: readonly LoggedRows[],
  rows: number,
  { name, kind }: FeatureSpec,
  at: number,
): LoggedColumn {
  if (kind === "category")
    return texts(entries, rows, ({ batch }) => {
      const column = columnOf(batch, name, at);
      return column?.kind === "category" ? column.values : null;
    });
  return numbers(entries, rows, (values, { request, taken, rows: own }, from) => {
    const column = columnOf(request.batch, name, at);
    if (column === undefined || column.kind === "category") values.fill(Number.NaN, from, from + own);
    else if (taken === null) values.set(column.values, from);
    else for (let row = 0; row < own; row++) values[from + row] = column.values[taken[row]!]!;
  });
}

/** What failed may have come in the order of another version. */
function columnOf({ columns }: RowBatch, name: string, at: number): RowColumn | undefined {
  const column = columns[at];
  return column?.name === name ? column : columns.find((each) => each.name === name);
}

function scoreColumn(entries: readonly LoggedRows[], rows: number, score: number, width: number): Float64Array {
  return numbers(entries, rows, (values, { request: { predictions }, taken, rows: own }, from) => {
    if (predictions === null) values.fill(Number.NaN, from, from + own);
    else if (width === 1 && taken === null) values.set(predictions.values, from);
    else
      for (let row = 0; row < own; row++)
        values[from + row] = predictions.values[(taken?.[row] ?? row) * width + score]!;
  });
}

function numbers(
  entries: readonly LoggedRows[],
  rows: number,
  fill: (values: Float64Array, entry: LoggedRows, from: number) => void,
): Float64Array {
  const values = new Float64Array(rows);
  let from = 0;
  for (const entry of entries) {
    fill(values, entry, from);
    from += entry.rows;
  }
  return values;
}

/** null when no request has any. */
function texts(
  entries: readonly LoggedRows[],
  rows: number,
  textsOf: (request: AnsweredRequest) => readonly (string | null)[] | null,
): LoggedColumn {
  const found = entries.map(({ request }) => textsOf(request));
  if (found.every((each) => each === null)) return null;
  const values = new Array<string | null>(rows);
  let place = 0;
  for (const [entry, own] of found.entries()) {
    const { taken, rows: count } = entries[entry]!;
    for (let row = 0; row < count; row++) values[place++] = own?.[taken?.[row] ?? row] ?? null;
  }
  return joinedTexts(values);
}

function errorTexts(entries: readonly LoggedRows[], rows: number): LoggedColumn {
  if (entries.every(({ request }) => request.error === null)) return null;
  const values = new Array<string | null>(rows);
  let place = 0;
  for (const { request, rows: own } of entries) for (let row = 0; row < own; row++) values[place++] = request.error;
  return joinedTexts(values);
}
