import { setTimeout as sleep } from "node:timers/promises";
import { storageOf } from "../../../../config/rules/source-rules.ts";
import { UserError } from "../../../../errors/expected-error.ts";
import { systemClock } from "../../../../ports/host.ts";
import { redactError, redactor } from "../../../sources/redact.ts";
import { folderOf, listRead, type SourceAccess, secretsOf } from "../../../sources/source-objects.ts";
import { mostObjects, type SourceSnapshot, snapshotChanges } from "../../../sources/source-snapshot.ts";
import { locateWord, type PrepareJob } from "../../engine.ts";
import { type DuckdbSession, openDuckdbSession, quoteName, quoteText } from "../duckdb-session.ts";
import { parseQuery } from "../parse-query.ts";
import { surveyQuery } from "../query-rules.ts";
import { functionRules } from "../refused-functions.ts";
import { type ExtensionName, type ExtensionPlaces, loadExtensions } from "./extensions.ts";
import { believe, letEngineBelieve, secretSql } from "./secret-sql.ts";
import { sourceError } from "./source-error.ts";
import { type UsedSource, usedSources } from "./source-names.ts";

/** What a session is to reach besides files. */
export interface SourceConnection extends ExtensionPlaces {
  used: readonly UsedSource[];
  /** Versions of tables by source: those to read, and once connected those that are read. */
  versions: Map<string, string>;
  /** For one statement on a database, in seconds. */
  seconds: number;
  /** File of authorities whose certificates are believed too. */
  certificates: string | null;
}

/** How long one source is tried again that could not be reached at once. Milliseconds before each attempt. */
const waits = [0, 500, 1500];

/**
 * Gives a session that is not yet locked the sources of a query, and returns the addresses that it must be let to read. Secrets
 * are in memory and end with the session. Throws UserError or EnvironmentError that names the source.
 */
export async function connectSources(session: DuckdbSession, connection: SourceConnection): Promise<string[]> {
  const { used } = connection;
  const extensions = neededExtensions(used);
  await loadExtensions(session, extensions, connection);
  if (extensions.includes("httpfs")) await letEngineBelieve(session, connection);
  await session.rows("FROM duckdb_secrets()"); // it looks for kept ones once, which is too late when access is off
  if (used.some(({ config }) => config.type === "postgres"))
    await session.run(`SET pg_statement_timeout_millis = ${Math.ceil(connection.seconds * 1000)}`);
  const readable: string[] = [];
  for (const source of used) {
    readable.push(...(await patiently(source, () => connect(session, source, connection))));
  }
  return readable;
}

async function patiently(source: UsedSource, work: () => Promise<string[]>): Promise<string[]> {
  let last: unknown;
  for (const wait of waits) {
    await sleep(wait);
    try {
      return await work();
    } catch (error) {
      const told = sourceError(error, [source], "to connect to it");
      if (!told?.passing) throw told?.error ?? error;
      last = told.error;
    }
  }
  throw last;
}

async function connect(
  session: DuckdbSession,
  { name, config, access }: UsedSource,
  { versions }: SourceConnection,
): Promise<string[]> {
  if (config.type === "postgres" || config.type === "mysql") {
    const { url } = access as SourceAccess & { kind: "database" };
    await session.run(`ATTACH ${quoteText(url)} AS ${quoteName(name)} (TYPE ${config.type}, READ_ONLY)`);
    return [];
  }
  if (config.type === "databricks" || config.type === "spark") return [];
  const secret = secretSql(name, config.url.replace(/\/+$/, ""), access);
  if (secret !== null) await session.run(secret.replace("CREATE SECRET", "CREATE OR REPLACE SECRET"));
  if (config.type === "delta" || config.type === "iceberg") {
    const scan = config.type === "delta" ? deltaScan : icebergScan;
    const { sql, version } = await scan(session, { name, url: config.url }, versions.get(name) ?? null);
    versions.set(name, version);
    await session.run(`CREATE OR REPLACE TEMP VIEW ${quoteName(name)} AS FROM ${sql}`);
  }
  return [folderOf(config.url)];
}

/** In the order in which they are loaded: some need others. */
function neededExtensions(used: readonly UsedSource[]): ExtensionName[] {
  const names = used.flatMap(({ config }): ExtensionName[] => {
    switch (config.type) {
      case "postgres":
        return ["postgres_scanner"];
      case "mysql":
        return ["mysql_scanner"];
      case "databricks":
      case "spark":
        return [];
      case "http":
        return ["httpfs"];
      default: {
        const storage: ExtensionName[] = storageOf(config.url) === "azure" ? ["azure"] : ["httpfs"];
        if (config.type === "delta") return [...storage, "delta"];
        return config.type === "iceberg" ? [...storage, "avro", "iceberg"] : storage;
      }
    }
  });
  return [...new Set(names)];
}

/** A table of a lake, and the version of it that is asked for; null for the newest. */
interface LakeTable {
  name: string;
  url: string;
}

/** The call that reads one version of a table, and which that is. */
interface VersionScan {
  sql: string;
  version: string;
}

/** A Delta table's versions are the numbers of its log's files. */
async function deltaScan(session: DuckdbSession, { name, url }: LakeTable, asked: string | null): Promise<VersionScan> {
  const root = url.replace(/\/+$/, "");
  const logs = await filesOf(session, `${root}/_delta_log/*.json`);
  const numbers = logs.flatMap((file) => /\/(\d{20})\.json$/.exec(file)?.[1] ?? []).map(Number);
  if (numbers.length === 0) throw noTable(name, url, "Delta");
  const version = asked ?? String(Math.max(...numbers));
  return { sql: `delta_scan(${quoteText(root)}, version := ${BigInt(version)})`, version };
}

/** An Iceberg table's versions are its snapshots; its newest metadata file tells them. A table without rows has none: `empty`. */
async function icebergScan(
  session: DuckdbSession,
  { name, url }: LakeTable,
  asked: string | null,
): Promise<VersionScan> {
  const root = url.replace(/\/+$/, "");
  const files = await filesOf(session, `${root}/metadata/*.metadata.json`);
  const newest = files.toSorted((a, b) => numberOf(b) - numberOf(a) || (a < b ? 1 : -1))[0];
  if (newest === undefined) throw noTable(name, url, "Iceberg");
  const metadata = quoteText(newest);
  const rows = await session.rows(
    `SELECT snapshot_id FROM iceberg_snapshots(${metadata}) ORDER BY sequence_number DESC`,
  );
  const snapshots = rows.map(({ snapshot_id }) => String(snapshot_id));
  const version = asked ?? snapshots[0] ?? "empty";
  if (version === "empty") return { sql: `iceberg_scan(${metadata})`, version };
  if (!snapshots.includes(version))
    throw new UserError({
      message: `the table ${name} no longer has the snapshot ${version}`,
      hint: "snapshots expire: keep them as long as versions of models are to be reproduced",
      key: `sources.${name}`,
    });
  return { sql: `iceberg_scan(${metadata}, snapshot_from_id := ${BigInt(version)})`, version };
}

/** `00002-….metadata.json` or `v2.metadata.json`. */
function numberOf(file: string): number {
  return Number(/\/v?(\d+)[^/]*$/.exec(file)?.[1] ?? -1);
}

async function filesOf(session: DuckdbSession, pattern: string): Promise<string[]> {
  return (await session.rows(`SELECT file FROM glob(${quoteText(pattern)})`)).map(({ file }) => String(file));
}

function noTable(name: string, url: string, kind: string): UserError {
  return new UserError({
    message: `there is no ${kind} table at ${url}`,
    hint: `the address of the source ${name} in mergeml.yaml is that of the table's own folder`,
    key: `sources.${name}`,
  });
}

/**
 * How to reach the sources that a query really names; undefined when it names none, and then nothing of them is loaded. The
 * query is parsed where there are no sources yet. Throws UserError for one that cannot be signed in to.
 */
export async function sourceConnection(
  job: PrepareJob & { pinned?: readonly SourceSnapshot[] | undefined },
): Promise<SourceConnection | undefined> {
  const { sql, sources: reachable, limits } = job;
  if (!reachable || reachable.sources.length === 0) return undefined;
  using session = await openDuckdbSession({ readable: [], threads: 1, memory_gb: limits.memory_gb });
  const rules = await functionRules(session);
  const survey = surveyQuery(sql, await parseQuery(session, sql), rules.refused, reachable.sources);
  if (survey.problems.length > 0) return undefined; // it is refused, and needs no source for that
  const { sources: mentions } = survey;
  const used = usedSources(mentions, reachable.sources);
  if (used.length === 0) return undefined;
  const { extensions, installed, certificates } = reachable;
  await believe({ certificates });
  return { used, extensions, installed, certificates, versions: pinnedVersions(job.pinned), seconds: limits.seconds };
}

function pinnedVersions(pinned: readonly SourceSnapshot[] = []): Map<string, string> {
  return new Map(pinned.flatMap((each) => (each.read === "table" ? [[each.source, each.version]] : [])));
}

/** Runs work on a query with the errors of its sources told in words about them, and without their secrets. */
export async function withSources<T>(
  { sources, sql }: Pick<PrepareJob, "sources" | "sql">,
  used: readonly UsedSource[],
  work: () => Promise<T>,
): Promise<T> {
  if (!sources || sources.sources.length === 0) return work();
  const redact = redactor(sources.sources.flatMap(({ access }) => secretsOf(access)));
  try {
    return await work();
  } catch (error) {
    const told = sourceError(error, used, `to run ${sql.file}`, (source) => locateWord(sql, source));
    throw redactError(told?.error ?? error, redact);
  }
}

/** What the sources of a query hold now. Tables have the versions that the session reads. */
export async function snapshotSources({ used, versions }: SourceConnection): Promise<SourceSnapshot[]> {
  return Promise.all(used.map((source) => snapshotOf(source, versions)));
}

async function snapshotOf(
  { name, config, access, paths }: UsedSource,
  versions: ReadonlyMap<string, string>,
): Promise<SourceSnapshot> {
  if (access.kind === "database" || !("url" in config) || typeof config.url !== "string")
    return { source: name, read: "database", tables: [...paths].sort() };
  if (config.type === "delta" || config.type === "iceberg")
    return { source: name, read: "table", version: versions.get(name) ?? "" };
  const objects = await listRead(config.url, paths, access, systemClock);
  const more = objects.length - mostObjects;
  return { source: name, read: "objects", objects: objects.slice(0, mostObjects), ...(more > 0 && { more }) };
}

/** Throws when an object became another one while it was read: the rows would be of neither. */
export function requireUnchanged(before: readonly SourceSnapshot[], after: readonly SourceSnapshot[]): void {
  const changes = snapshotChanges(before, after);
  if (changes.length === 0) return;
  throw new UserError({
    message: `${changes.join("; ")} since the query began to read it`,
    hint: "run it again when nobody writes there, or write new objects beside the old ones",
  });
}
