import type { Session } from "../../../data/engines/session.ts";
import { quoteName, quoteText } from "../../../data/engines/tables.ts";
import type { TimeSpan } from "../reference-times.ts";
import { timestampOf } from "../reference-times.ts";
import type { PastRows } from "./column-pasts.ts";

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
