import { setTimeout as sleep } from "node:timers/promises";
import { storageOf } from "../../../../config/rules/source-rules.ts";
import type { SourceAccess } from "../../../sources/reachable-source.ts";
import { folderOf } from "../../../sources/source-objects.ts";
import { quoteName, quoteText } from "../dialect.ts";
import type { DuckdbSession } from "../duckdb-session.ts";
import { letEngineBelieve } from "./certificates.ts";
import { type ExtensionName, type ExtensionPlaces, loadExtensions } from "./extensions.ts";
import { secretSql } from "./secret-sql.ts";
import { sourceError } from "./source-error.ts";
import { deltaScan, icebergScan } from "./table-versions.ts";
import type { UsedSource } from "./used-sources.ts";

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
