import type { DatasetRef } from "../dataset-store.ts";

/** What a stored item is to people; nothing of it identifies the content. */
export interface ItemLabels {
  model?: string;
  split?: "train" | "test" | "predictions";
  /** The version that was registered with it first. */
  version?: number;
  /** Repositories that have put it here, e.g. `github.com/acme/models`; each may delete only what no other has put. */
  repositories: readonly string[];
}

/** What a store keeps under a name. */
export interface StoredItem {
  /** `fp:…` of a dataset, `sha256:…` of a model too large for git, `step:…` of a cached step, `version:…` of a packed version. */
  name: string;
  bytes: number;
  /** `sha256:…` of the stored file; null where a store keeps rows and no file. */
  sha256: string | null;
  /** Of a dataset. */
  ref: DatasetRef | null;
  labels: ItemLabels;
  /** When it was last put, or renewed. */
  stored: Date;
}

/** A file that others read from the store: its path below the folder, with slashes, and its content. */
export interface PublishedFile {
  path: string;
  content: Uint8Array | string;
}

export type NewItem = Omit<StoredItem, "stored">;

/** What arrived of an item. */
interface ReceivedItem {
  /** `sha256:…` of the bytes as they came and were written; null where a store keeps rows and no file. */
  sha256: string | null;
}

/** What is to be sent; a hash that is a promise is computed meanwhile. */
type SentItem = Omit<NewItem, "sha256"> & { sha256: string | Promise<string> };

/**
 * A store that other machines read: content under names, written once. An item is there whole or not at all, whatever happens to
 * who puts it. Every method throws EnvironmentError when the server is away or refuses.
 */
export interface RemoteStore extends AsyncDisposable {
  /** Which it is, for messages: `the bucket acme-models at s3.eu-central-1.amazonaws.com`. */
  readonly title: string;
  /** Whether it was opened with credentials: without, a refusal means that this job may not read it. */
  readonly signedIn: boolean;
  /** The store's clock, by which items have their age, as its last answer told it; ours before. */
  now(): Date;
  /** Whether an item says which version was registered with it, as people look for in a database. */
  readonly tellsVersions?: boolean;
  find(name: string): Promise<StoredItem | null>;
  list(): AsyncIterable<StoredItem>;
  /** Sends a file and then lets its name be seen; when the name is there by then, what was there first stays. `scratch` is a folder for what it needs meanwhile. */
  put(item: SentItem, file: string, scratch: string): Promise<void>;
  /** Writes an item's content to a file; null when it has gone meanwhile. Who asks checks the content. */
  get(item: StoredItem, file: string): Promise<ReceivedItem | null>;
  /** Makes an item as young as one just put, and gives it these labels; sends nothing of its content. */
  renew(item: StoredItem, labels: ItemLabels): Promise<void>;
  /** Takes the name away first, then the content. */
  delete(item: StoredItem): Promise<void>;
  /**
   * Puts files below a folder of their own, for servers that read folders from the store, and gives its address, with a slash at
   * the end. Absent where a store keeps no files.
   */
  publish?(folder: string, files: readonly PublishedFile[]): Promise<string>;
  /** Takes away what interrupted uploads left, as far as it is older than `before`; gives how many. */
  sweep(before: Date): Promise<number>;
  /** Where clients of the store's own kind take a whole version as one artifact. */
  readonly versions?: VersionShelf;
}

/** A file of a version's folder. */
export interface NamedFile {
  name: string;
  bytes: Uint8Array;
}

/** A registered version, with all that its folder has and the model itself. */
export interface PackedVersion {
  /** `version:…`, by the digest of its record. */
  name: string;
  model: string;
  version: number;
  /** How it was trained: `linear`, `gradient-boosting` … */
  type: string;
  description: string;
  /** ISO time of the registration. */
  created: string;
  /** Commit of the models' repository; null outside one. */
  commit: string | null;
  repository: string;
  /** A Sigstore bundle that vouches for the version, to be found beside it; null for none. */
  bundle: Uint8Array | null;
  files: readonly NamedFile[];
}

/** Versions as artifacts. They are items too: listed, found and deleted as others are. */
export interface VersionShelf {
  /** Sends what is not there, then lets the version be seen; gives the bytes of content. `scratch` is a folder for what it needs meanwhile. */
  put(version: PackedVersion, scratch: string): Promise<number>;
  /** Writes its files into a folder and gives their names; null when it is not there. Who asks checks the content. */
  get(name: string, folder: string): Promise<string[] | null>;
  /** Lets it be seen under a name for people too, such as `rent-v3`; false when that is another repository's. */
  publish(name: string, alias: string, repository: string): Promise<boolean>;
}

/** A name as it may stand in a key, a tag or a table: `fp-…`, `model-…`, `step-…`, `version-…`. Throws for anything else. */
export function plainItemName(name: string): string {
  const [, kind = "", hex = ""] = /^(fp|sha256|step|version):([0-9a-f]{32}|[0-9a-f]{64})$/.exec(name) ?? [];
  if (hex === "") throw new Error(`${JSON.stringify(name)} is no name of a stored item`);
  return `${kind === "sha256" ? "model" : kind}-${hex}`;
}

/** The name again; null for what is none. */
export function itemNameOf(plain: string): string | null {
  const [, kind, hex] = /^(fp|model|step|version)-([0-9a-f]{32}|[0-9a-f]{64})$/.exec(plain) ?? [];
  return hex === undefined ? null : `${kind === "model" ? "sha256" : kind}:${hex}`;
}
