import type { DuckDBValue } from "@duckdb/node-api";
import { type DuckdbSession, openDuckdbSession, quoteName } from "./duckdb-session.ts";
import type { SourceConnection } from "./sources/connect-sources.ts";

/** The share of the memory that is left to the session which gets the rows, while they come. */
const receiverShare = 0.25;

/**
 * A session for a query whose result depends on the order in which its rows are met: one thread, and nothing spilled, because
 * what is spilled, and so met later, depends on the memory. Then the same files give the same bits on every machine, with
 * any limit that is enough; one that is not ends the query.
 */
export function openOrderedSession(
  readable: readonly string[],
  memoryGb: number,
  sources: SourceConnection | undefined,
): Promise<DuckdbSession> {
  return openDuckdbSession({ readable, threads: 1, memory_gb: memoryGb * (1 - receiverShare), sources });
}

/** A column as the engine describes it; `type` is its word. */
export interface DescribedColumn {
  name: string;
  type: string;
}

/**
 * By name; undefined where the query has none, as a statement without values is bound once and one with values twice: each time
 * DuckDB looks into the first 20,000 rows of a CSV file.
 */
export type Values = Record<string, DuckDBValue> | undefined;

/** The columns of a SELECT, of which none is run; two may have one name. */
export async function describedColumns(
  session: DuckdbSession,
  text: string,
  values: Values,
): Promise<DescribedColumn[]> {
  const rows = (await session.connection.runAndReadAll(`DESCRIBE ${text}`, values)).getRowObjectsJS();
  return rows.map(({ column_name, column_type }) => ({ name: String(column_name), type: String(column_type) }));
}

interface Copy {
  text: string;
  values: Values;
  columns: readonly DescribedColumn[];
  table: string;
  memoryGb: number;
}

/** Runs one SELECT in `source` and makes a temporary table of its rows in `session`. */
export async function copyRows(
  source: DuckdbSession,
  session: DuckdbSession,
  { text, values, columns, table, memoryGb }: Copy,
): Promise<void> {
  const typed = columns.map(({ name, type }) => `${quoteName(name)} ${type}`);
  await session.run(`CREATE TEMP TABLE ${table} (${typed.join(", ")})`);
  await session.run(`SET memory_limit = '${memoryGb * receiverShare}GB'`);
  // The text begins where it began after DESCRIBE, so that the positions in errors are the same.
  const result = await source.connection.stream(`${" ".repeat("DESCRIBE ".length)}${text}`, values);
  const appender = await session.connection.createAppender(table, null, "temp");
  for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk())
    appender.appendDataChunk(chunk);
  appender.closeSync();
  await session.run(`SET memory_limit = '${memoryGb}GB'`);
}
