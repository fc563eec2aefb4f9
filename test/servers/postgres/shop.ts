import { type Engine, type QueryJob, sqlText } from "../../../pipelines/data/engines/engine.ts";
import { startEngines } from "../../../pipelines/data/engines/engines.ts";
import { scratchFolder } from "../../templates.ts";
import { type PostgresServer, startPostgres } from "../postgres.ts";

/** A server with the schema `features`, which a role may read and nothing else, and the engine of a source `shop` on it. */
export interface Shop extends AsyncDisposable {
  server: PostgresServer;
  engine: Engine;
  /** The address that the role signs in with. */
  url: string;
  staging: string;
}

/** What nobody may ever see. */
export const shopPassword = "p@ss/wörd of the reader";

const setUp = `
  CREATE ROLE reader LOGIN PASSWORD '${shopPassword}';
  CREATE SCHEMA features; GRANT USAGE ON SCHEMA features TO reader;
  ALTER DEFAULT PRIVILEGES IN SCHEMA features GRANT SELECT ON TABLES TO reader;`;

export async function openShop(statements = "", settings: Readonly<Record<string, string>> = {}): Promise<Shop> {
  const server = await startPostgres(settings);
  await server.sql(setUp + statements);
  const url = server.urlOf("reader", shopPassword);
  const shop = { server, url, engine: shopEngine(url), staging: scratchFolder("shop") };
  return { ...shop, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

/** The engine of a source whose schema is `features`, unless told otherwise. */
export function shopEngine(url: string, schemas: readonly string[] = ["features"]): Engine {
  const shop = { type: "postgres", url: { env: "SHOP_URL" }, schemas } as const;
  return startEngines({ sources: { shop }, env: { SHOP_URL: url } })("shop");
}

/** A query to run, with no window and a minute. */
export function shopJob(staging: string, text: string, more: Partial<QueryJob> = {}): QueryJob {
  const limits = { memory_gb: 1, threads: 1, seconds: 60 };
  return { sql: sqlText("models/m/features.sql", text), window: null, folders: [], limits, staging, ...more };
}
