import { createReadStream, createWriteStream } from "node:fs";
import { open, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Client } from "pg";
import type { Clock } from "../../../ports/host.ts";
import type { DatasetRef } from "../../dataset-store.ts";
import { hashFile } from "../../hash-file.ts";
import { type ItemRecord, readItemRecord } from "../item-record.ts";
import { itemNameOf, plainItemName, type RemoteStore, type StoredItem } from "../remote-store.ts";
import { openDatabase } from "./connection.ts";
import { csvOfFile, fileOfCsv, nullMark, postgresType, type StoredColumn } from "./table-files.ts";

/** A table of the store, as its comment describes it. */
interface FoundTable extends StoredItem {
  table: string;
  columns: readonly StoredColumn[];
}

export interface DatabaseSettings {
  /** null where the job does not have it. */
  url: string | null;
  /** Of the source in mergeml.yaml. */
  source: string;
  schema: string;
  clock: Clock;
}

/** Bytes of a model that are one row. */
const rowBytes = 4 * 1024 * 1024;

/**
 * A store in a schema of PostgreSQL: a table a dataset, named by its fingerprint, whose comment says model, version and split. A
 * table comes with all its rows in one transaction, so that nobody sees a part of it, and is never written again.
 */
export function openDatabaseStore({ url, source, schema, clock }: DatabaseSettings): RemoteStore {
  const title = `the schema ${schema} of the source ${source}`;
  const database = openDatabase({ url, title });
  const quoted = quoteIdentifier(schema);
  const at = (table: string) => `${quoted}.${quoteIdentifier(table)}`;
  let ahead = 0;
  const listing: typeof database.use = (what, work) =>
    database.use(what, async (client) => {
      ahead = (await timeOf(client)).getTime() - clock.now().getTime();
      return work(client);
    });
  const find = (name: string) => database.use("to look for it", (client) => findTable(client, schema, name));
  return {
    title,
    signedIn: url !== null,
    now: () => new Date(clock.now().getTime() + ahead),
    tellsVersions: true,
    find,
    list: () => listTables(listing, schema),
    async put(item, file, scratch) {
      const csv = join(scratch, "rows.csv");
      try {
        const columns = item.ref ? await csvOfFile(file, csv) : [];
        await database.use("to send it", async (client) => {
          await client.query(`CREATE SCHEMA IF NOT EXISTS ${quoted}`).catch(unlessThere(client, schema));
          await inTransaction(client, async () => {
            const table = tableOf(item.name);
            // Two writers of one dataset: the second waits, and finds the first's.
            await client.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [`${schema}.${table}`]);
            if (await findTable(client, schema, item.name)) return;
            await (item.ref ? copyRows(client, at(table), columns, csv) : copyBytes(client, at(table), file));
            await comment(
              client,
              at(table),
              { ...item, content: table, sha256: item.ref ? null : await item.sha256 },
              columns,
            );
          });
        });
      } finally {
        await rm(csv, { force: true });
      }
    },
    async get(item, file) {
      const found = "table" in item ? (item as FoundTable) : await find(item.name);
      if (found === null) return null;
      return database.use("to read it", async (client) => {
        const { ref, table } = found;
        if (ref) return (await readRows(client, at(table), { ...found, ref }, file)) ? { sha256: null } : null;
        return (await readBytes(client, at(table), file)) ? { sha256: await hashFile(file) } : null;
      });
    },
    async renew(item, labels) {
      await database.use("to renew it", async (client) => {
        const found = await findTable(client, schema, item.name);
        if (found) await comment(client, at(found.table), { ...found, labels, content: found.table }, found.columns);
      });
    },
    async delete(item) {
      await database.use("to delete it", (client) =>
        inTransaction(client, async () => {
          const found = await findTable(client, schema, item.name);
          if (found?.stored.getTime() === item.stored.getTime()) await client.query(`DROP TABLE ${at(found.table)}`);
        }),
      );
    },
    // An interrupted transaction leaves nothing.
    sweep: async () => 0,
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}

function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Where an identifier ends: a model's hash is longer, and the comment has all of it. */
function tableOf(name: string): string {
  return plainItemName(name).replace("-", "_").slice(0, 63);
}

/** One who may not create schemas can use one that is there. */
function unlessThere(client: Client, schema: string) {
  return async (error: unknown) => {
    const { rows } = await client.query("SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1", [schema]);
    if (rows.length === 0) throw error;
  };
}

async function inTransaction(client: Client, work: () => Promise<void>): Promise<void> {
  await client.query("BEGIN");
  try {
    await work();
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK").catch(() => {}); // a connection that is lost takes all of it back
    throw error;
  }
}

const described = `SELECT c.relname AS table, pg_catalog.obj_description(c.oid, 'pg_class') AS comment
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = $1 AND c.relkind = 'r'`;

async function findTable(client: Client, schema: string, name: string): Promise<FoundTable | null> {
  const { rows } = await client.query(`${described} AND c.relname = $2`, [schema, tableOf(name)]);
  return rows.length === 0 ? null : tableIn(rows[0], name);
}

async function* listTables(use: ReturnType<typeof openDatabase>["use"], schema: string): AsyncGenerator<StoredItem> {
  const { rows } = await use("to list what is there", (client) =>
    client.query(`${described} AND c.relname ~ '^(fp|model|step)_' ORDER BY c.relname`, [schema]),
  );
  for (const row of rows) {
    const name = nameIn(row.comment);
    const found = name === null ? null : tableIn(row, name);
    if (found) yield found;
  }
}

function nameIn(text: unknown): string | null {
  const name = parsed(text).name;
  return typeof name === "string" &&
    /^(fp|sha256|step):/.test(name) &&
    itemNameOf(name.replace("sha256:", "model-").replace(":", "-")) === name
    ? name
    : null;
}

function tableIn({ table, comment: text }: Record<string, unknown>, name: string): FoundTable | null {
  const record = readItemRecord(String(text ?? ""), name);
  const { stored, columns } = parsed(text);
  if (record === null || typeof stored !== "string" || !Array.isArray(columns)) return null;
  const isColumn = (each: { name?: unknown; type?: unknown }): each is StoredColumn =>
    typeof each?.name === "string" && typeof each.type === "string" && /^[A-Z0-9_]+(\(\d+, ?\d+\))?$/.test(each.type);
  return columns.every(isColumn) ? { ...record, stored: new Date(stored), table: String(table), columns } : null;
}

function parsed(text: unknown): Record<string, unknown> {
  try {
    return (JSON.parse(String(text)) ?? {}) as Record<string, unknown>;
  } catch {
    return {};
  }
}

/** First what people look for: model, version, split. */
async function comment(
  client: Client,
  table: string,
  { name, bytes, sha256, ref, labels, content }: ItemRecord,
  columns: readonly StoredColumn[],
): Promise<void> {
  const { model, version, split } = labels;
  const stored = (await timeOf(client)).toISOString();
  const record = { name, bytes, sha256, ref, labels, content, stored, columns };
  const text = JSON.stringify({ model, version, split, format: 1, ...record });
  await client.query(`COMMENT ON TABLE ${table} IS ${client.escapeLiteral(text)}`);
}

/** The server's clock: those of the machines that write may be wrong. */
async function timeOf(client: Client): Promise<Date> {
  const { rows } = await client.query("SELECT clock_timestamp() AS now");
  return new Date(rows[0].now as Date);
}

async function copyRows(client: Client, table: string, columns: readonly StoredColumn[], csv: string): Promise<void> {
  const { from } = await import("pg-copy-streams");
  const listed = columns.map(({ name, type }) => `${quoteIdentifier(name)} ${postgresType(type)}`);
  await client.query(`CREATE TABLE ${table} (${["mergeml_row bigint PRIMARY KEY", ...listed].join(", ")})`);
  const stream = client.query(from(`COPY ${table} FROM STDIN (FORMAT csv, NULL '${nullMark}')`));
  await pipeline(createReadStream(csv, { highWaterMark: 1024 * 1024 }), stream);
}

async function copyBytes(client: Client, table: string, path: string): Promise<void> {
  await client.query(`CREATE TABLE ${table} (part integer PRIMARY KEY, content bytea NOT NULL)`);
  await using file = await open(path);
  for (let part = 0; ; part += 1) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(rowBytes), 0, rowBytes);
    if (bytesRead === 0) return;
    await client.query(`INSERT INTO ${table} VALUES ($1, $2)`, [part, buffer.subarray(0, bytesRead)]);
  }
}

async function readRows(
  client: Client,
  table: string,
  { ref, columns }: { ref: DatasetRef; columns: readonly StoredColumn[] },
  file: string,
): Promise<boolean> {
  const { to } = await import("pg-copy-streams");
  const csv = `${file}.csv`;
  try {
    const listed = columns.map(({ name }) => quoteIdentifier(name)).join(", ");
    const query = `COPY (SELECT ${listed} FROM ${table} ORDER BY mergeml_row) TO STDOUT (FORMAT csv, NULL '${nullMark}')`;
    await pipeline(client.query(to(query)), createWriteStream(csv));
    const named = columns.map((column, at) => ({ ...column, original: ref.columns[at]?.name ?? column.name }));
    await fileOfCsv({ csv, folder: dirname(file) }, named, file);
    return true;
  } catch (error) {
    if ((error as { code?: unknown }).code === "42P01") return false;
    throw error;
  } finally {
    await rm(csv, { force: true });
  }
}

async function readBytes(client: Client, table: string, path: string): Promise<boolean> {
  await using file = await open(path, "w");
  for (let part = 0; ; part += 1) {
    const { rows } = await client.query(`SELECT content FROM ${table} WHERE part = $1`, [part]);
    if (rows.length === 0) return part > 0;
    await file.write(rows[0].content as Buffer);
  }
}
