import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Sources } from "../../../config/source-config.ts";
import { UserError } from "../../../errors/user-error.ts";
import { systemClock } from "../../../ports/clock.ts";
import type { Environment } from "../../../ports/environment.ts";
import type { ObjectFacts, ObjectStorage } from "../../object-storage/object-storage.ts";
import { downloadFile } from "../../object-storage/transfer.ts";
import { signInToStorage } from "../../sources/sign-in.ts";
import { folderOf, objectStorage } from "../../sources/source-objects.ts";
import { keyOf, settingsOf } from "../../sources/storage-settings.ts";
import type { FileEngine } from "../engine.ts";
import { joinDistantParts, joinParts, partsOf, type StagingArea } from "./staging-area.ts";

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
