import { readFileSync } from "node:fs";
import type { SourceColumn } from "../../../../pipelines/data/columns.ts";
import type { Session } from "../../../../pipelines/data/engines/session.ts";
import { PostgresError, postgresDialect } from "./dialect.ts";

/** What was asked, in its order, and what PostgreSQL answered: rows, or its error. */
export interface Exchange {
  sql: string;
  rows?: Record<string, unknown>[];
  error?: string;
}

/** Runs a statement; gives no rows for one that has none. */
export type Ask = (sql: string) => Promise<Exchange>;

/** The file with the recorded exchanges. */
export const recording = new URL("./recording.json", import.meta.url);

/** Answers from the recording, for exactly the questions in it and in their order. */
export function replay(): Ask {
  const exchanges = JSON.parse(readFileSync(recording, "utf8")) as Exchange[];
  return async (sql) => {
    const next = exchanges.shift();
    if (next?.sql !== sql) throw new Error(`asked otherwise than when it was recorded:\n${sql}\nnot\n${next?.sql}`);
    return next;
  };
}

/** The rows of each query that was saved, by file. */
export type SavedRows = Map<string, readonly Record<string, unknown>[]>;

/** A session on PostgreSQL over what answers its questions. Files are kept in `saved` in place of Parquet. */
export function postgresSession(ask: Ask, columns: readonly SourceColumn[], saved: SavedRows): Session {
  const rows = async (sql: string) => {
    const answer = await ask(sql);
    if (answer.error !== undefined) throw new PostgresError(answer.error);
    return answer.rows ?? [];
  };
  const never = () => {
    throw new Error("no rows are streamed or added here");
  };
  return {
    dialect: postgresDialect,
    rows,
    run: async (sql) => void (await rows(sql)),
    row: async (sql) => (await rows(sql))[0]!,
    columns: async () => [...columns],
    save: async (query, file) => void saved.set(file, await rows(query)),
    keep: async (name, query) => {
      await rows(`CREATE TEMP TABLE ${name} AS\n    ${query}`);
      return name;
    },
    view: async (name, query) => {
      await rows(`CREATE TEMP VIEW ${name} AS ${query}`);
      return name;
    },
    release: async (kept, views) =>
      void (await rows(`${views.map((view) => `DROP VIEW ${view}; `).join("")}DROP TABLE ${kept}`)),
    stream: never,
    appender: never,
    interrupt() {},
    [Symbol.dispose]() {},
  };
}
