import { join } from "node:path";
import type { FileEngine, QueryJob } from "../engine.ts";
import {
  chunkRows,
  type FilledType,
  type FilledValue,
  onlyRow,
  type QuerySession,
  type Session,
  type SourceColumn,
  temporaryTables,
} from "../session.ts";
import type { Connection } from "./connection.ts";
import { type CopiedColumn, type CopiedType, copyOut } from "./decode-copy.ts";
import { postgresDialect } from "./dialect.ts";
import { describeSql } from "./run-query.ts";

/** What a session is opened on. */
interface SessionTable {
  /** Has the rows of the query, with these columns. */
  table: string;
  columns: readonly SourceColumn[];
  files: FileEngine;
  job: QueryJob;
}

/** A connection on which the rows of a query are, and may be asked about. Closing it takes them away. */
export function postgresSession(connection: Connection, { table, columns, files, job }: SessionTable): QuerySession {
  const rows = async (sql: string) => (await connection.query(sql)).rows as Record<string, unknown>[];
  const run = async (sql: string) => void (await connection.query(sql));
  return {
    dialect: postgresDialect,
    rows,
    row: onlyRow(rows),
    async columns(relation) {
      if (relation !== table) throw new Error(`${relation} is not the table of the query's rows`);
      return [...columns];
    },
    ...temporaryTables(run),
    save: (query, file, compression) =>
      saveRows(connection, query, {
        file,
        compression,
        openSession: () =>
          files.openSession({ ...job.limits, readable: [], writable: [file], spill: join(job.staging, "spill") }),
      }),
    close: () => connection.close(),
  };
}

/** Where rows go. */
interface SavedFile {
  file: string;
  compression: "zstd" | undefined;
  /** A session that may write the file. */
  openSession(): Promise<Session>;
}

/** Microseconds and days from 1970, where files begin to count, to 2000, where PostgreSQL does. */
const [epochMicros, epochDays] = [946_684_800_000_000n, 10_957];

/** How a column comes here, and what becomes of it in a file. */
interface Transfer {
  /** SQL of the server. */
  sent: string;
  type: CopiedType;
  filled: FilledType;
  /** SQL of the session that writes the file. */
  kept: string;
}

/** Writes the rows of our own query to a Parquet file, in their order. The file is there when all of them are. */
async function saveRows(
  connection: Connection,
  query: string,
  { file, compression, openSession }: SavedFile,
): Promise<void> {
  const { columns } = await describeSql(connection, query);
  const transfers = columns.map(transferOf);
  using session = await openSession();
  const fields = transfers.map(({ filled }, at) => `c${at} ${filled}`);
  await session.run(`CREATE TEMP TABLE mergeml_copied (${fields.join(", ")})`);
  const appender = await session.appender(
    "mergeml_copied",
    transfers.map(({ filled }) => filled),
  );
  const sent = `SELECT ${transfers.map((each) => each.sent).join(", ")} FROM (${query}) AS mergeml_sent`;
  await copyOut(
    connection,
    sent,
    transfers.map(({ type }) => type),
    chunkRows,
    (rows, copied) => appender.append(rows, (at) => filledValues(copied[at]!, rows, transfers[at]!.filled)),
  );
  appender.close();
  const kept = transfers.map(
    (each, at) => `${each.kept.replaceAll("?", `c${at}`)} AS ${postgresDialect.quoteName(columns[at]!.name)}`,
  );
  await session.save(`SELECT ${kept.join(", ")} FROM mergeml_copied`, file, compression);
}

/** What is no number here travels as its text, which both sides write alike. */
function transferOf({ name, kind, type, scale }: SourceColumn): Transfer {
  const column = postgresDialect.quoteName(name);
  const plain = (copied: CopiedType, filled: FilledType, kept = "?") => ({ sent: column, type: copied, filled, kept });
  if (kind === "boolean") return plain("boolean", "BOOLEAN");
  if (type === "smallint") return plain("smallint", "INTEGER");
  if (type === "integer") return plain("integer", "INTEGER");
  if (type === "bigint") return plain("bigint", "BIGINT");
  if (type === "real") return plain("float", "FLOAT");
  if (type === "double precision") return plain("double", "DOUBLE");
  if (kind === "date") return plain("integer", "INTEGER", dateOf("?"));
  if (kind === "timestamp") return plain("bigint", "BIGINT", timestampOf("?"));
  const text = (kept: string): Transfer => ({ sent: `CAST(${column} AS text)`, type: "text", filled: "VARCHAR", kept });
  if (kind === "time") return text("CAST(? AS TIME)");
  if (kind === "decimal") return text(`CAST(? AS DECIMAL(${/\((\d+)/.exec(type)?.[1] ?? 38}, ${scale}))`);
  return kind === "double" ? text("CAST(? AS DOUBLE)") : text("?");
}

/** The ends of the range stand for infinity. */
function dateOf(days: string): string {
  return `CASE ${days} WHEN 2147483647 THEN DATE 'infinity' WHEN -2147483648 THEN DATE '-infinity' ELSE DATE '1970-01-01' + (${days} + ${epochDays}) END`;
}

function timestampOf(micros: string): string {
  const [most, least] = [2n ** 63n - 1n, -(2n ** 63n)];
  return `CASE ${micros} WHEN ${most} THEN TIMESTAMP 'infinity' WHEN CAST('${least}' AS BIGINT) THEN TIMESTAMP '-infinity' ELSE make_timestamp(${micros} + ${epochMicros}) END`;
}

function filledValues({ values, missing }: CopiedColumn, rows: number, filled: FilledType): FilledValue[] {
  const result = new Array<FilledValue>(rows);
  const isBoolean = filled === "BOOLEAN";
  for (let row = 0; row < rows; row++) {
    if (missing[row] === 1) result[row] = null;
    else result[row] = isBoolean ? values[row] === 1 : values[row]!;
  }
  return result;
}
