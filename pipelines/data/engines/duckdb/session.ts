import type { DuckDBConnection, DuckDBValue } from "@duckdb/node-api";
import { quoteText } from "./quote.ts";
import { keepWholeTexts } from "./whole-texts.ts";

/** What a session may reach and use. Paths are absolute and without links. */
export interface SessionOptions {
  threads?: number;
  memory_gb?: number;
  /** Directories whose files may be read. */
  readable: readonly string[];
  /** Single files that may be read and written. */
  writable?: readonly string[];
  /** Directory for what does not fit in memory; without it nothing is spilled. */
  spill?: string;
}

/** One in-memory database with one connection, which can reach nothing but what it was given. */
export interface Session extends Disposable {
  connection: DuckDBConnection;
  /** Runs statements for their effect. */
  run(sql: string, values?: Record<string, DuckDBValue>): Promise<void>;
  /** All rows of a small result. 64-bit integers are bigints. */
  rows(sql: string): Promise<Record<string, unknown>[]>;
  /** The only row of an aggregate. */
  row(sql: string): Promise<Record<string, unknown>>;
}

/**
 * Starts DuckDB with no external access, no extensions, UTC, and a configuration that can no longer be changed, but for the
 * memory limit: a query is one SELECT, which can set nothing.
 */
export async function openSession(options: SessionOptions): Promise<Session> {
  const { DuckDBInstance } = await import("@duckdb/node-api");
  await keepWholeTexts();
  const instance = await DuckDBInstance.create(":memory:", startOptions(options));
  const connection = await instance.connect();
  const session = sessionOn(connection, () => instance.closeSync());
  try {
    for (const [name, value] of confinement(options)) await connection.run(`SET ${name} = ${value}`);
    return session;
  } catch (error) {
    session[Symbol.dispose]();
    throw error;
  }
}

function startOptions({ threads, memory_gb, spill }: SessionOptions): Record<string, string> {
  return {
    ...(threads === undefined ? {} : { threads: String(threads) }),
    ...(memory_gb === undefined ? {} : { memory_limit: `${memory_gb}GB` }),
    temp_directory: spill ?? "",
    ...(spill === undefined ? {} : { max_temp_directory_size: `${(memory_gb ?? 4) * 8}GB` }),
    allow_persistent_secrets: "false",
    allow_community_extensions: "false",
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
  };
}

/** In this order: the directories must be named before access is turned off, and the lock comes last. */
function confinement({ readable, writable = [] }: SessionOptions): [string, string][] {
  const list = (paths: readonly string[]) => `[${paths.map(quoteText).join(", ")}]`;
  return [
    ["errors_as_json", "true"],
    ["TimeZone", "'UTC'"],
    ["allowed_directories", list(readable)],
    ["allowed_paths", list(writable)],
    ["enable_external_access", "false"],
    ["allowed_configs", "['memory_limit']"],
    ["lock_configuration", "true"],
  ];
}

function sessionOn(connection: DuckDBConnection, closeInstance: () => void): Session {
  const rows = async (sql: string) => (await connection.runAndReadAll(sql)).getRowObjectsJS();
  return {
    connection,
    async run(sql, values) {
      await connection.run(sql, values);
    },
    rows,
    async row(sql) {
      const [first] = await rows(sql);
      if (!first) throw new Error(`no row came back from: ${sql}`);
      return first;
    },
    [Symbol.dispose]() {
      connection.closeSync();
      closeInstance();
    },
  };
}
