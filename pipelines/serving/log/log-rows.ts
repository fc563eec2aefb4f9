import type { AnsweredRequest } from "../answered-request.ts";
import { isSampled, type LogSettings } from "./log-settings.ts";

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
