import { mkdir, readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Sources } from "../../../config/model-config.ts";
import { EnvironmentError, UserError } from "../../../errors/expected-error.ts";
import { type Environment, systemClock } from "../../../ports/host.ts";
import { downloadFile, type ObjectFacts, type ObjectStorage } from "../../object-storage/object-storage.ts";
import { signInToStorage } from "../../sources/sign-in.ts";
import { folderOf, objectStorage } from "../../sources/source-objects.ts";
import { keyOf, settingsOf } from "../../sources/storage-settings.ts";
import type { FileEngine } from "../engine.ts";

/** Where the cluster writes Parquet and mergeml reads it. */
export interface StagingArea {
  /** A folder's address, as the cluster knows it. */
  url(folder: string): string;
  /** Called before the cluster writes a folder. */
  prepare(folder: string): Promise<void>;
  /** Makes one local Parquet file of a folder's, the rows in the order of the files' names. */
  collect(folder: string, file: string): Promise<void>;
  /** Also when it is not there. */
  remove(folder: string): Promise<void>;
}

/** Of the names in a folder, those of the files that have its rows, in their order. */
function partsOf(names: readonly string[]): string[] {
  const isPart = (name: string) => /(^|\/)part-[^/]*\.parquet$/.test(name);
  return names.filter(isPart).sort();
}

/** Writes the rows of Parquet files below one local folder to one, in their order, compressed with zstd. */
async function joinParts(
  files: FileEngine,
  { folder, parts, where }: { folder: string; parts: readonly string[]; where: string },
  file: string,
): Promise<void> {
  if (parts.length === 0) {
    throw new EnvironmentError(`there is no Parquet file of the cluster in ${where}`, {
      tried: "to read what Spark wrote to the staging area",
      safe: "nothing was stored; look whether the cluster and mergeml mean the same place by it",
    });
  }
  using session = await files.openSession({ readable: [folder], writable: [file], threads: 1, memory_gb: 0.5 });
  const list = parts.map((part) => files.dialect.quoteText(part)).join(", ");
  await session.save(`SELECT * FROM read_parquet([${list}])`, file, "zstd");
}

/** A folder that is not on this machine. */
interface DistantFolder {
  name: string;
  /** Its address, for messages. */
  where: string;
  /** Its files, by whatever `fetch` finds them; what stands behind the last slash is a file's name. */
  names: readonly string[];
  /** Brings a file of it here. */
  fetch(distant: string, local: string): Promise<void>;
}

/** Does the same with a folder's files that have to be fetched first; they are gone from here afterwards. */
export async function joinDistantParts(files: FileEngine, distant: DistantFolder, file: string): Promise<void> {
  const { name, where, names, fetch } = distant;
  const folder = join(dirname(file), `${name}.parts`);
  await mkdir(folder, { recursive: true });
  try {
    const parts: string[] = [];
    for (const each of partsOf(names)) {
      const part = join(folder, each.split("/").at(-1)!);
      await fetch(each, part);
      parts.push(part);
    }
    await joinParts(files, { folder, parts, where }, file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Place {
  /** The source whose staging area it is, for messages. */
  name: string;
  /** How a bucket is signed in to is what the source of the same bucket says, else the environment. */
  sources: Sources;
  env: Environment;
  files: FileEngine;
}

/** The staging area of a source: a folder that both have under the same path, or one in a bucket or a container. */
export function openStaging(address: string, place: Place): StagingArea {
  if (address.startsWith("/")) return folderStaging(address, place.files);
  return objectStaging(address.replace(/\/+$/, ""), place);
}

function folderStaging(home: string, files: FileEngine): StagingArea {
  return {
    url: (folder) => pathToFileURL(join(home, folder)).href,
    prepare: async () => void (await mkdir(home, { recursive: true })),
    async collect(folder, file) {
      const where = join(home, folder);
      const parts = partsOf(await readdir(where)).map((name) => join(where, name));
      await joinParts(files, { folder: where, parts, where }, file);
    },
    remove: (folder) => rm(join(home, folder), { recursive: true, force: true }),
  };
}

function objectStaging(base: string, { name, sources, env, files }: Place): StagingArea {
  const clock = systemClock;
  // A query may run longer than a sign-in is good for.
  const open = async () => {
    const settings = settingsOf(base, {}, sources);
    return objectStorage(base, await signInToStorage({ name, url: base, settings, env, clock }), clock);
  };
  const startOf = (folder: string) => `${folderOf(keyOf(base))}${folder}/`;
  return {
    url: (folder) => `${base}/${folder}`,
    // Who lacks a credential hears of it before the cluster has worked.
    prepare: async () => void (await open()),
    async collect(folder, file) {
      const [storage, start] = [await open(), startOf(folder)];
      const objects = await listed(storage, start);
      // What is deeper was left by tasks that were not needed.
      const own = new Map(objects.flatMap((each) => (each.key.includes("/", start.length) ? [] : [[each.key, each]])));
      const distant = {
        ...{ name: folder, where: `${base}/${folder}`, names: [...own.keys()] },
        fetch: (key: string, part: string) => fetchPart(storage, own.get(key)!, part),
      };
      await joinDistantParts(files, distant, file);
    },
    async remove(folder) {
      const storage = await open();
      for (const { key } of await listed(storage, startOf(folder))) await storage.delete(key);
    },
  };
}

async function listed(storage: ObjectStorage, prefix: string): Promise<ObjectFacts[]> {
  const found = [];
  for await (const each of storage.list(prefix)) found.push(each);
  return found;
}

async function fetchPart(storage: ObjectStorage, object: ObjectFacts, path: string): Promise<void> {
  if (await downloadFile(storage, object, path)) return;
  throw new UserError({
    message: `${object.key} in ${storage.title} was changed while it was read`,
    hint: "nothing but mergeml and its cluster may write to the staging area",
  });
}
