import { type StorageServer, startAzure, startS3 } from "../object-storage.ts";

/** A server that a store can be on. */
export interface StoreServer extends AsyncDisposable {
  /** For a proxy before it; null where it does not speak HTTP. */
  endpoint: string | null;
  env: Readonly<Record<string, string>>;
  /** mergeml.yaml of a repository whose store is there, apart from those with another name. */
  config(name: string, endpoint?: string): string;
  secrets: readonly string[];
}

async function inBucket(start: () => Promise<StorageServer>): Promise<StoreServer> {
  const server = await start();
  const secrets = Object.entries(server.env).flatMap(([name, value]) => (/KEY/.test(name) ? [value] : []));
  return { ...server, secrets, config: (name, endpoint) => `store: ${server.address(name, endpoint)}\n` };
}

/** Every kind of store, on a real server. */
export const storeServers: readonly { name: string; start(): Promise<StoreServer> }[] = [
  { name: "S3", start: () => inBucket(startS3) },
  { name: "Azure", start: () => inBucket(startAzure) },
];
