import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { EnvironmentError } from "../errors/expected-error.ts";
import type { StagedRows } from "./engines/engine.ts";
import { flushToDisk } from "./flush-to-disk.ts";
import { hashBytes } from "./hash-file.ts";
import type { SourceSnapshot } from "./sources/source-snapshot.ts";
import type { ItemLabels, RemoteStore } from "./stores/remote-store.ts";
import type { FeatureSpec } from "./table.ts";

/** An immutable table in the dataset store. */
export interface DatasetRef {
  /** `fp:` and 32 hex digits; the same rows in any order give the same fingerprint. */
  fingerprint: string;
  rows: number;
  columns: readonly { name: string; type: string }[];
  /** Of a train split that is a sample: the whole one, which is stored nowhere. */
  sample_of?: { fingerprint: string; rows: number };
}

export interface CheckResult {
  /** E.g. `distance between [0, 6000]`. */
  check: string;
  severity: "block" | "warn";
  passed: boolean;
  /** What was found, e.g. `12 of 53,940 rows, e.g. -3`. */
  found: string;
  /** Rows that break the rule; null for rules about an aggregate. */
  failing_rows: number | null;
  /** Where the rule is written, when it failed and is not the model's own: `features/customer.yaml:12`. */
  where?: string;
}

/** Test rows that equal a train row in all features. */
export interface Duplicates {
  rows: number;
  /** Of those, the ones that a train row equals in the target too, but for features that many train rows have. */
  copies: number;
  /** How often the target of a few rows with equal features is equal, beyond chance: 0 at random, 1 always. */
  agreement: number;
}

/** What the features step gives: two stored splits, the model's signature, and the checks' results. */
export interface FeatureData {
  train: DatasetRef;
  test: DatasetRef;
  features: readonly FeatureSpec[];
  /** Every class of train and test, by code point (numbers in numeric order); empty for a regression. */
  classes: readonly string[];
  checks: readonly CheckResult[];
  /** Where a program on a cluster reads all train rows, when it asks for that; until it has been trained. */
  staged?: StagedRows;
  /** Absent where rows are split by themselves, so that equal ones are on one side. */
  duplicates?: Duplicates;
  /** What was read of sources; absent where the query names none. */
  sources?: readonly SourceSnapshot[];
  /** What is wrong with the rows and somebody should mend, e.g. values that fall together as 32-bit numbers. */
  warnings?: readonly string[];
  /** Facts worth a line in the report, e.g. a column with the same value in every row. */
  notes: readonly string[];
}

/** A blocking check that failed is an answer, not an exception: the report shows what was found. Nothing is stored then. */
export type FeatureResult =
  | ({ ok: true } & FeatureData)
  | {
      ok: false;
      checks: readonly CheckResult[];
      rows: number;
      sources?: readonly SourceSnapshot[];
    };

/** A stored dataset, as `gc` sees it. */
interface StoredDataset {
  fingerprint: string;
  bytes: number;
  modified: Date;
}

/** A directory inside the store for unfinished work; it is gone when the scope that holds it ends. */
interface Staging extends AsyncDisposable {
  path: string;
}

/** What came of sending something to a store. */
interface Pushed {
  name: string;
  /** Bytes of content that were sent: 0 when it was there. */
  sent: number;
}

/** A store that other machines read, beside the copies on this one. Names are `fp:…`, and `sha256:…` of a model. */
export interface SharedStore {
  readonly remote: RemoteStore;
  /** Sends a dataset that is on this machine. Throws EnvironmentError when it is not. */
  push(name: string, labels?: Omit<ItemLabels, "repositories">): Promise<Pushed>;
  /** Writes a version's number beside its datasets, in a store that people look into for that. */
  label(name: string, labels: Pick<ItemLabels, "version">): Promise<void>;
  /** Reads back what the store has, whole, and throws EnvironmentError unless it is what its name says. */
  confirm(name: string): Promise<void>;
  /** Who may delete: the repository as others know it. */
  repository(): Promise<string>;
}

/**
 * Content-addressed and write-once. Everything arrives by a rename of what is on the disk, so that readers and concurrent writers see
 * whole files only, also after the machine has failed.
 */
export interface DatasetStore {
  /** Which store it is, for messages. */
  readonly title: string;
  /** Whether other machines can read what is put here, and after this one is gone. */
  readonly durable: boolean;
  /** The store behind this one that other machines read; null for a folder, which has none. */
  readonly shared: SharedStore | null;
  has(fingerprint: string): Promise<boolean>;
  /** Whether its file is on this machine, so that nothing need be fetched. */
  isHere(fingerprint: string): Promise<boolean>;
  /**
   * The Parquet file, which is on this machine from now on. Throws EnvironmentError when the store does not have it, or has
   * other rows under that name.
   */
  path(fingerprint: string): Promise<string>;
  /** What was written down of a dataset as it was put here. */
  ref(fingerprint: string): Promise<DatasetRef>;
  /** Moves a finished file in from `staging()`; when the dataset is stored already, that one is kept. */
  putParquet(fingerprint: string, ref: DatasetRef, tempPath: string): Promise<void>;
  list(): Promise<StoredDataset[]>;
  delete(fingerprint: string): Promise<void>;
  /** Returns the blob's `sha256:…`. */
  putBlob(bytes: Uint8Array): Promise<string>;
  /** Throws EnvironmentError when the blob is missing or its content has another hash. */
  readBlob(sha: string): Promise<Uint8Array>;
  /** A sealed result of a step, `step:…`, as somebody left it; null when there is none. Who asks checks the seal. */
  readStep(name: string): Promise<Uint8Array | null>;
  /** In the place of what may be there. */
  writeStep(name: string, sealed: Uint8Array): Promise<void>;
  /** Where sealed results are files that end by their age; null where they are items of the store. */
  readonly stepFolder: string | null;
  staging(): Promise<Staging>;
}

/** Leftovers of killed processes are removed when they are this much older than a new staging directory. */
const abandonedAfterMs = 24 * 60 * 60 * 1000;

/** A dataset store in a directory, which is created when something is first put into it. */
export function openDatasetStore(dir: string): DatasetStore {
  const datasets = join(dir, "datasets");
  const models = join(dir, "models");
  const parquet = (fingerprint: string) => join(datasets, `${hexOf(fingerprint, "fp:", 32)}.parquet`);
  const stepFolder = join(dir, "steps");
  const step = (name: string) => join(stepFolder, hexOf(name, "step:", 64));
  const blob = (sha: string) => join(models, `${hexOf(sha, "sha256:", 64)}.onnx`);
  return {
    title: `the folder ${dir} on this machine`,
    durable: false,
    shared: null,
    has: async (fingerprint) => existsSync(parquet(fingerprint)),
    isHere: async (fingerprint) => existsSync(parquet(fingerprint)),
    async path(fingerprint) {
      const file = parquet(fingerprint);
      if (!existsSync(file)) throw missing(fingerprint, file);
      return file;
    },
    async ref(fingerprint) {
      const file = parquet(fingerprint).replace(/\.parquet$/, ".json");
      if (!existsSync(file)) throw missing(fingerprint, file);
      return JSON.parse(await readFile(file, "utf8")) as DatasetRef;
    },
    async putParquet(fingerprint, ref, tempPath) {
      const file = parquet(fingerprint);
      await mkdir(datasets, { recursive: true });
      await writeWhole(file.replace(/\.parquet$/, ".json"), Buffer.from(`${JSON.stringify(ref, null, 2)}\n`));
      if (existsSync(file)) return await rm(tempPath, { force: true });
      await flushToDisk(tempPath);
      await rename(tempPath, file);
      await flushToDisk(datasets); // both names
    },
    list: () => listDatasets(datasets),
    async delete(fingerprint) {
      const file = parquet(fingerprint);
      await rm(file, { force: true });
      await rm(file.replace(/\.parquet$/, ".json"), { force: true });
    },
    async putBlob(bytes) {
      const sha = await hashBytes(bytes);
      await mkdir(models, { recursive: true });
      if (existsSync(blob(sha))) return sha;
      await writeWhole(blob(sha), bytes);
      await flushToDisk(models);
      return sha;
    },
    readBlob: async (sha) => readVerified(sha, blob(sha)),
    readStep: async (name) => (existsSync(step(name)) ? readFile(step(name)) : null),
    async writeStep(name, sealed) {
      await mkdir(stepFolder, { recursive: true });
      await writeWhole(step(name), sealed);
    },
    stepFolder,
    staging: () => makeStaging(join(dir, "staging")),
  };
}

/** Names become file names, so nothing but hex digits may come through. */
function hexOf(name: string, prefix: string, digits: number): string {
  const hex = name.slice(prefix.length);
  if (!name.startsWith(prefix) || hex.length !== digits || !/^[0-9a-f]+$/.test(hex)) {
    throw new EnvironmentError(`${JSON.stringify(name)} is not a ${prefix} with ${digits} hex digits`, {
      tried: "to find it in the dataset store",
      safe: "nothing was read or written",
    });
  }
  return hex;
}

async function writeWhole(file: string, bytes: Uint8Array): Promise<void> {
  const aside = `${file}.${randomUUID()}.tmp`;
  try {
    await writeFile(aside, bytes, { flush: true });
    await rename(aside, file);
  } catch (error) {
    await rm(aside, { force: true });
    throw error;
  }
}

async function listDatasets(folder: string): Promise<StoredDataset[]> {
  const found: StoredDataset[] = [];
  for (const name of existsSync(folder) ? (await readdir(folder)).sort() : []) {
    const hex = /^([0-9a-f]{32})\.parquet$/.exec(name)?.[1];
    if (hex === undefined) continue;
    const facts = await stat(join(folder, name));
    found.push({ fingerprint: `fp:${hex}`, bytes: facts.size, modified: facts.mtime });
  }
  return found;
}

async function readVerified(sha: string, file: string): Promise<Uint8Array> {
  if (!existsSync(file)) throw missing(sha, file);
  const bytes = await readFile(file);
  const found = await hashBytes(bytes);
  if (found === sha) return bytes;
  throw new EnvironmentError(`${file} was changed: its content is ${found}`, {
    tried: `to read ${sha} from the dataset store`,
    safe: "the file was not used; delete it and run the training again to store it anew",
  });
}

function missing(name: string, file: string): EnvironmentError {
  return new EnvironmentError(`${name} is not in the dataset store: there is no ${file}`, {
    tried: "to read it from the dataset store",
    safe: "nothing was changed; running the training again stores it anew",
  });
}

async function makeStaging(parent: string): Promise<Staging> {
  const path = join(parent, randomUUID());
  await mkdir(path, { recursive: true });
  await removeAbandoned(parent, (await stat(path)).mtimeMs);
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

async function removeAbandoned(parent: string, now: number): Promise<void> {
  for (const name of await readdir(parent)) {
    const facts = await stat(join(parent, name)).catch(() => null);
    if (facts && now - facts.mtimeMs > abandonedAfterMs) await rm(join(parent, name), { recursive: true, force: true });
  }
}
