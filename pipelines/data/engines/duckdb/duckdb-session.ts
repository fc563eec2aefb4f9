import { randomUUID } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DuckDBConnection, DuckDBValue } from "@duckdb/node-api";
import type { Vector } from "@duckdb/node-bindings";
import { UserError } from "../../../errors/expected-error.ts";
import {
  type Appender,
  type Chunk,
  chunkRows,
  type Dialect,
  type FilledNumbers,
  type FilledType,
  onlyRow,
  type Session,
  type SessionOptions,
  type SourceColumn,
  temporaryTables,
} from "../session.ts";
import { sourceColumn } from "./duckdb-columns.ts";
import { duckdbFailure } from "./duckdb-error.ts";
import type { SourceConnection } from "./sources/connect-sources.ts";

/** One in-memory database with one connection, which can reach nothing but what it was given. */
export interface DuckdbSession extends Session {
  connection: DuckDBConnection;
  run(sql: string, values?: Record<string, DuckDBValue>): Promise<void>;
}

/** What a session may reach; with sources, those of mergeml.yaml that the query names. */
interface DuckdbSessionOptions extends SessionOptions {
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

/** A name as an SQL identifier; any text is a valid one that a statement can hold. */
export function quoteName(name: string): string {
  return `"${whole(name, "the name of a column").replaceAll('"', '""')}"`;
}

/** A text as an SQL literal. DuckDB knows no escapes inside plain quotes but the doubled quote. */
export function quoteText(text: string): string {
  return `'${whole(text, "a text").replaceAll("'", "''")}'`;
}

/** DuckDB takes the first null character for the end of a statement. */
function whole(text: string, what: string): string {
  if (!text.includes("\0")) return text;
  throw new UserError({
    message: `${what} has a null character: ${JSON.stringify(text.slice(0, 100))}`,
    hint: "take it out of the data, or in the query: replace(…, chr(0), ''); a column needs another name: … AS name",
  });
}

/** Integers that Parquet and most readers do not have. */
const wide = /^U?HUGEINT$|^BIGNUM$/;

function plainValue({ name, kind, type }: SourceColumn): string {
  const column = quoteName(name);
  if (kind === "double")
    return `CASE WHEN isnan(${column}) THEN CAST('nan' AS ${type}) ELSE ${column} + CAST(0 AS ${type}) END`;
  if (kind === "timestamp" && /WITH TIME ZONE/.test(type)) return `timezone('UTC', ${column})`;
  if (kind === "timestamp" && !/_NS$/.test(type)) return `CAST(${column} AS TIMESTAMP)`;
  if (type === "BLOB") return `hex(${column})`;
  return kind === "text" || kind === "other" ? `CAST(${column} AS VARCHAR)` : column;
}

function storedValue(column: SourceColumn, identifies: boolean): string {
  const name = quoteName(column.name);
  if (!wide.test(column.type)) return name;
  return `CAST(${name} AS ${identifies ? "VARCHAR" : "DOUBLE"}) AS ${name}`;
}

/** A column that goes through to a file of ours as it is: its plain value, and text where Parquet has no such integer. */
export function keptValue(column: SourceColumn): string {
  return wide.test(column.type) ? `CAST(${plainValue(column)} AS VARCHAR)` : plainValue(column);
}

/** The SQL of DuckDB. */
export const duckdbDialect: Dialect = {
  quoteName,
  quoteText,
  plainValue,
  storedValue,
  cellText: (value, kind) => `CAST(${kind === "double" ? `CAST(${value} AS DOUBLE)` : value} AS VARCHAR)`,
  text: (value) => `CAST(${value} AS VARCHAR)`,
  double: (value) => `CAST(${value} AS DOUBLE)`,
  float: (value) => `CAST(${value} AS FLOAT)`,
  doubleLiteral: (value) => `CAST('${value}' AS DOUBLE)`,
  instant: (text) => `CAST(CAST(${quoteText(text)} AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TIMESTAMP)`,
  byteLength: (text) => `strlen(${text})`,
  // One call, because operators nest, and DuckDB allows a depth of 1,000.
  concat: (texts) => `concat(${texts.join(", ")})`,
  hash: (text) => `md5_number(${text})`,
  hashHalves: (hash) => ({
    low: `CAST(${hash} & 18446744073709551615 AS UBIGINT)`,
    high: `CAST(${hash} >> 64 AS UBIGINT)`,
  }),
  firstHash: (text) => `md5_number_upper(${text})`,
  unsigned: (value) => `CAST(${value >= 2n ** 64n ? 2n ** 64n - 1n : value} AS UBIGINT)`,
  exactSum: (value) => `coalesce(sum(${value}), 0)`,
  isNaN: (value) => `isnan(${value})`,
  isInfinite: (value) => `isinf(${value})`,
  isFinite: (value) => `isfinite(${value})`,
  matches: (text, pattern) => `regexp_full_match(${text}, ${quoteText(pattern)})`,
  quantile: (value, q) => `quantile_cont(${value}, ${q})`,
  quantileOf: (value, q) => `quantile_disc(${value}, ${q})`,
  allEqual: (value) => `min(${value}) = max(${value})`,
  failure: duckdbFailure,
};

/** What the engine keeps of each type. */
const arrays: Partial<Record<FilledType, { new (length: number): FilledNumbers }>> = {
  ...{ INTEGER: Int32Array, BIGINT: BigInt64Array, TIMESTAMPTZ: BigInt64Array },
  ...{ FLOAT: Float32Array, DOUBLE: Float64Array },
};

/** An appender on a temporary table of these types. */
async function openAppender(
  connection: DuckDBConnection,
  table: string,
  names: readonly FilledType[],
): Promise<Appender> {
  const { DuckDBDataChunk, BOOLEAN, INTEGER, BIGINT, FLOAT, DOUBLE, VARCHAR, TIMESTAMPTZ } = await import(
    "@duckdb/node-api"
  );
  const { default: bindings } = await import("@duckdb/node-bindings");
  const types = names.map((name) => ({ BOOLEAN, INTEGER, BIGINT, FLOAT, DOUBLE, VARCHAR, TIMESTAMPTZ })[name]);
  const appender = await connection.createAppender(table, null, "temp");
  const copy = (vector: Vector, { buffer, byteOffset, byteLength }: FilledNumbers) =>
    bindings.copy_data_to_vector(vector, 0, buffer as ArrayBuffer, byteOffset, byteLength);
  const noneValid = new ArrayBuffer(chunkRows / 8);
  return {
    append(size, valuesOf) {
      if (size > chunkRows) throw new Error(`${size} rows are more than a chunk holds`);
      const chunk = DuckDBDataChunk.create(types, size);
      const vector = (at: number) => bindings.data_chunk_get_vector(chunk.chunk, at);
      for (const [at, name] of names.entries()) {
        const values = valuesOf(at);
        if (Array.isArray(values)) chunk.setColumnValues(at, values);
        else if (values === null) {
          bindings.vector_ensure_validity_writable(vector(at));
          bindings.copy_data_to_vector_validity(vector(at), 0, noneValid, 0, Math.ceil(size / 64) * 8);
        } else if (values instanceof (arrays[name] ?? Array) && values.length === size) copy(vector(at), values);
        // The engine takes bytes for what its type says that they are.
        else throw new Error(`${values.constructor.name}(${values.length}) is not ${size} values of ${name}`);
      }
      appender.appendDataChunk(chunk);
    },
    close: () => appender.closeSync(),
  };
}

/**
 * Makes the library keep a U+FEFF at the beginning of a text, which it takes for a byte order mark and drops: two categories,
 * classes or columns of a table would become one.
 */
async function keepWholeTexts(): Promise<void> {
  const { default: accessors } = await import("@duckdb/node-api/lib/vectors/dataAccessors.js");
  Object.assign(accessors, { textDecoder: wholeTexts });
}

const wholeTexts = new TextDecoder("utf-8", { ignoreBOM: true });
