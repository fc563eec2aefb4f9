import { isAbsolute, join } from "node:path";
import type { Sources } from "../config/model-config.ts";
import { UserError } from "../errors/expected-error.ts";
import type { Clock, Environment, Log } from "../ports/host.ts";
import { type DatasetStore, openDatasetStore } from "./dataset-store.ts";
import { openAzureStore, openS3Store } from "./stores/bucket-address.ts";
import { openDatabaseStore } from "./stores/database/database-store.ts";
import { openOciStore } from "./stores/oci/oci-store.ts";
import type { RemoteStore } from "./stores/remote-store.ts";
import { openSharedStore } from "./stores/shared-store.ts";

/** What opening a store needs besides its address. */
export interface StoreOptions {
  root: string;
  env: Environment;
  /** This repository, as others know it. */
  repository(): Promise<string>;
  /** Of mergeml.yaml: a database among them may have a schema for the store. */
  sources: Sources;
  clock: Clock;
  log: Log;
}

type OpenRemote = (address: string, options: StoreOptions) => RemoteStore;

/** All kinds of stores that other machines read, by the scheme of `store` in mergeml.yaml. A new one is a file and a line here. */
const remotes: Readonly<Record<string, OpenRemote>> = {
  oci: openOciStore,
  s3: openS3Store,
  azure: openAzureStore,
};

/** The scheme of a store's address; "" for a folder. */
function storeScheme(address: string): string {
  return /^([a-z][a-z0-9+.-]*):\/\//i.exec(address)?.[1]?.toLowerCase() ?? "";
}

/** Where the copies of a store that is elsewhere lie, and the store that is nowhere else. */
const localStore = ".mergeml/store";

/** The store of mergeml.yaml. Throws UserError for a scheme that this version has no store for, or an address that is none. */
export function openStore(address: string, options: StoreOptions): DatasetStore {
  const scheme = storeScheme(address);
  const database = databaseStore(address, options);
  const at = (folder: string) => openDatasetStore(isAbsolute(folder) ? folder : join(options.root, folder));
  if (database) return openSharedStore({ ...options, local: at(localStore), remote: database });
  if (scheme === "") return at(address);
  const open = Object.hasOwn(remotes, scheme) ? remotes[scheme] : undefined;
  if (open) return openSharedStore({ ...options, local: at(localStore), remote: open(address, options) });
  throw new UserError({
    message: `this version has no dataset store for ${scheme}://`,
    hint: `store in mergeml.yaml is the path of a folder, or begins with ${Object.keys(remotes).join("://, ")}://`,
    key: "store",
  });
}

/** The store in a schema of a database that mergeml.yaml names, as `shop.training`; null when there is no source of that name. */
function databaseStore(address: string, { sources, env, clock }: StoreOptions): RemoteStore | null {
  const [, name = "", schema = ""] = /^([A-Za-z0-9_-]+)\.([A-Za-z_][A-Za-z0-9_]{0,62})$/.exec(address) ?? [];
  const source = Object.hasOwn(sources, name) ? sources[name] : undefined;
  if (source === undefined) return null;
  if (source.type === "postgres")
    return openDatabaseStore({ url: env[source.url.env]?.trim() || null, source: name, schema, clock });
  throw new UserError({
    message: `store in mergeml.yaml: the source ${name} is of the type ${source.type}, which holds no store`,
    hint: "name a schema of a source of the type postgres, or oci://, s3:// or azure://",
    key: "store",
  });
}
