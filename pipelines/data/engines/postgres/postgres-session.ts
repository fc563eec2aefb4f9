import { join } from "node:path";
import type { SourceColumn } from "../../columns.ts";
import type { FileEngine, QueryJob } from "../engine.ts";
import type { QuerySession } from "../session.ts";
import { onlyRow, temporaryTables } from "../temporary-tables.ts";
import type { Connection } from "./connection.ts";
import { postgresDialect } from "./dialect.ts";
import { saveRows } from "./save-rows.ts";

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
