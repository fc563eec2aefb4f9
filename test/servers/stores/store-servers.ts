import { type StorageServer, startAzure, startS3 } from "../object-storage.ts";
import { startPostgres } from "../postgres.ts";
import { startRegistry } from "../registry.ts";

/** A server that a store can be on. */
export interface StoreServer extends AsyncDisposable {
  /** For a proxy before it; null where it does not speak HTTP. */
  endpoint: string | null;
  /** What a job has that may write, through the proxy. */
  env(endpoint?: string): Readonly<Record<string, string>>;
  /** What a job has whose password is another one, and that password. */
  wrong(): { env: Readonly<Record<string, string>>; password: string };
  /** mergeml.yaml of a repository whose store is there, apart from those with another name. */
  config(name: string, endpoint?: string): string;
  secrets: readonly string[];
  /** Whether its clients take whole versions as artifacts. */
  packs?: boolean;
}

async function inBucket(start: () => Promise<StorageServer>, key: string): Promise<StoreServer> {
  const server = await start();
  const password = Buffer.from("a password that is another one").toString("base64");
  const secrets = Object.entries(server.env).flatMap(([name, value]) => (/KEY/.test(name) ? [value] : []));
  return {
    ...server,
    env: () => server.env,
    wrong: () => ({ env: { ...server.env, [key]: password }, password }),
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
    packs: true,
    env: (endpoint = own) => ({ DOCKER_AUTH_CONFIG: server.auth([hostOf(own), hostOf(endpoint)]) }),
    wrong() {
      const auth = Buffer.from("ada:another-pa55word").toString("base64");
      const env = { DOCKER_AUTH_CONFIG: JSON.stringify({ auths: { [hostOf(own)]: { auth } } }) };
      return { env, password: "another-pa55word" };
    },
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
    wrong: () => ({ env: { SHOP_URL: server.urlOf("store", "another-pa55word") }, password: "another-pa55word" }),
    secrets: [url, "pa55word-of-a-store"],
    config: (name) => `${sources}store: shop.training_${name}\n`,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** Every kind of store, on a real server. */
export const storeServers: readonly { name: string; start(): Promise<StoreServer> }[] = [
  { name: "S3", start: () => inBucket(startS3, "AWS_SECRET_ACCESS_KEY") },
  { name: "a registry", start: inRegistry },
  { name: "PostgreSQL", start: inDatabase },
  { name: "Azure", start: () => inBucket(startAzure, "AZURE_STORAGE_KEY") },
];
