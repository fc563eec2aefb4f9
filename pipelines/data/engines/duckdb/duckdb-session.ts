import { randomUUID } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DuckDBConnection, DuckDBValue } from "@duckdb/node-api";
import type { Chunk, Session, SessionOptions } from "../session.ts";
import { onlyRow, temporaryTables } from "../temporary-tables.ts";
import { openAppender } from "./appender.ts";
import { duckdbDialect, quoteText } from "./dialect.ts";
import { sourceColumn } from "./duckdb-columns.ts";
import type { SourceConnection } from "./sources/connect-sources.ts";
import { keepWholeTexts } from "./whole-texts.ts";

/** One in-memory database with one connection, which can reach nothing but what it was given. */
export interface DuckdbSession extends Session {
  connection: DuckDBConnection;
  run(sql: string, values?: Record<string, DuckDBValue>): Promise<void>;
}

/** What a session may reach; with sources, those of mergeml.yaml that the query names. */
export interface DuckdbSessionOptions extends SessionOptions {
  sources?: SourceConnection | undefined;
}

/**
 * Starts DuckDB with no external access, no extensions, UTC, and a configuration that can no longer be changed, but for the
 * memory limit: a query is one SELECT, which can set nothing.
 */
export async function openDuckdbSession(options: DuckdbSessionOptions): Promise<DuckdbSession> {
  const { DuckDBInstance } = await import("@duckdb/node-api");
  await keepWholeTexts();
  const instance = await DuckDBInstance.create(":memory:", startOptions(options));
  const connection = await instance.connect();
  const session = sessionOn(connection, () => instance.closeSync());
  try {
    await connection.run("SET errors_as_json = true");
    const readable = options.sources ? await connected(session, options.sources) : [];
    const confined = { ...options, readable: [...options.readable, ...readable] };
    for (const [name, value] of confinement(confined)) await connection.run(`SET ${name} = ${value}`);
    return session;
  } catch (error) {
    session[Symbol.dispose]();
    throw error;
  }
}

/** Few sessions have sources, and what reaches them is a part of every start. */
async function connected(session: DuckdbSession, sources: SourceConnection): Promise<string[]> {
  const { connectSources } = await import("./sources/connect-sources.ts");
  return connectSources(session, sources);
}

/** A session that holds little may still spill what a large split needs. */
const leastSpillGb = 32;

function startOptions({ threads, memory_gb, spill, sources }: DuckdbSessionOptions): Record<string, string> {
  return {
    ...(threads === undefined ? {} : { threads: String(threads) }),
    ...(memory_gb === undefined ? {} : { memory_limit: `${memory_gb}GB` }),
    temp_directory: spill ?? "",
    ...(spill === undefined ? {} : { max_temp_directory_size: `${Math.max(leastSpillGb, (memory_gb ?? 4) * 8)}GB` }),
    ...(sources ? { secret_directory: nowhere() } : { allow_persistent_secrets: "false" }),
    allow_community_extensions: "false",
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
  };
}

/** Databases cannot be attached without a place for secrets: one that nobody can have put any into. */
function nowhere(): string {
  return join(tmpdir(), `mergeml-no-secrets-${randomUUID()}`);
}

/** In this order: the directories must be named before access is turned off, and the lock comes last. */
function confinement({ readable, writable = [] }: SessionOptions): [string, string][] {
  const list = (paths: readonly string[]) => `[${paths.map(quoteText).join(", ")}]`;
  return [
    ["TimeZone", "'UTC'"],
    ["allowed_directories", list(readable)],
    ["allowed_paths", list(writable)],
    ["enable_external_access", "false"],
    ["allowed_configs", "['memory_limit']"],
    ["lock_configuration", "true"],
  ];
}

function sessionOn(connection: DuckDBConnection, closeInstance: () => void): DuckdbSession {
  const rows = async (sql: string) => (await connection.runAndReadAll(sql)).getRowObjectsJS();
  const run = async (sql: string, values?: Record<string, DuckDBValue>) => void (await connection.run(sql, values));
  const close = () => {
    connection.closeSync();
    closeInstance();
  };
  return {
    dialect: duckdbDialect,
    connection,
    run,
    rows,
    row: onlyRow(rows),
    async columns(relation) {
      const described = await rows(`DESCRIBE ${relation}`);
      return described.map((row) => sourceColumn(String(row.column_name), String(row.column_type)));
    },
    stream: (sql) => chunksOf(connection, sql),
    appender: (table, types) => openAppender(connection, table, types),
    ...temporaryTables(run),
    save: (query, file, compression) =>
      run(`COPY (${query}) TO ${quoteText(file)} (FORMAT parquet${compression ? `, COMPRESSION ${compression}` : ""})`),
    interrupt: () => connection.interrupt(),
    close: async () => close(),
    [Symbol.dispose]: close,
  };
}

async function* chunksOf(connection: DuckDBConnection, sql: string): AsyncGenerator<Chunk> {
  const result = await connection.stream(sql);
  for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    const { rowCount: rows, columnCount } = chunk;
    yield { rows, columns: Array.from({ length: columnCount }, (_, at) => chunk!.getColumnVector(at)) };
  }
}
