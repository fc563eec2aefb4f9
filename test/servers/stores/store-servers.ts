import { type StorageServer, startAzure, startS3 } from "../object-storage.ts";
import { startPostgres } from "../postgres.ts";
import { startRegistry } from "../registry.ts";

/** A server that a store can be on. */
export interface StoreServer extends AsyncDisposable {
  /** For a proxy before it; null where it does not speak HTTP. */
  endpoint: string | null;
  /** What a job has that may write, through the proxy. */
  env(endpoint?: string): Readonly<Record<string, string>>;
  /** mergeml.yaml of a repository whose store is there, apart from those with another name. */
  config(name: string, endpoint?: string): string;
  secrets: readonly string[];
}

async function inBucket(start: () => Promise<StorageServer>): Promise<StoreServer> {
  const server = await start();
  const secrets = Object.entries(server.env).flatMap(([name, value]) => (/KEY/.test(name) ? [value] : []));
  return {
    ...server,
    env: () => server.env,
    secrets,
    config: (name, endpoint) => `store: ${server.address(name, endpoint)}\n`,
  };
}

async function inRegistry(): Promise<StoreServer> {
  const server = await startRegistry();
  const hostOf = (endpoint: string) => new URL(endpoint).host;
  const { endpoint: own, password } = server;
  return {
    ...server,
    env: (endpoint = own) => ({ DOCKER_AUTH_CONFIG: server.auth([hostOf(own), hostOf(endpoint)]) }),
    secrets: [password, Buffer.from(`ada:${password}`).toString("base64")],
    config: (name, endpoint = own) => `store: oci://${hostOf(endpoint)}/acme/${name}\n`,
  };
}

async function inDatabase(): Promise<StoreServer> {
  const server = await startPostgres();
  await server.sql(
    "CREATE ROLE store LOGIN PASSWORD 'pa55word-of-a-store'; GRANT CREATE ON DATABASE postgres TO store",
  );
  const url = server.urlOf("store", "pa55word-of-a-store");
  const sources = "sources:\n  shop: { type: postgres, url: { env: SHOP_URL }, schemas: [features] }\n";
  return {
    endpoint: null,
    env: () => ({ SHOP_URL: url }),
    secrets: [url, "pa55word-of-a-store"],
    config: (name) => `${sources}store: shop.training_${name}\n`,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** Every kind of store, on a real server. */
export const storeServers: readonly { name: string; start(): Promise<StoreServer> }[] = [
  { name: "S3", start: () => inBucket(startS3) },
  { name: "a registry", start: inRegistry },
  { name: "PostgreSQL", start: inDatabase },
  { name: "Azure", start: () => inBucket(startAzure) },
];
