import { Worker } from "node:worker_threads";
import type { Environment } from "../../ports/host.ts";
import type { ReadVersion } from "./listed-version.ts";

/** What a thread is to read: of each model the trees of its versions, of which there is one at least. */
export interface VersionTrees {
  cwd: string;
  env: Environment;
  models: readonly { model: string; trees: readonly string[] }[];
}

/** What it tells of a model: JSON of what it read, in the order of its trees; null for a record that cannot be read. */
export interface ReadModel {
  model: string;
  json: Uint8Array<ArrayBuffer>;
}

/** Of the JSON. */
export type ReadVersions = readonly (ReadVersion | null)[];

/** Reads in a thread of its own, with a git of its own, so that who asks can plan meanwhile. */
export async function readVersionsApart(trees: VersionTrees, see: (read: ReadModel) => void): Promise<void> {
  if (trees.models.length === 0) return;
  const worker = new Worker(new URL("./version-thread.ts", import.meta.url), { workerData: trees });
  const ended = Promise.withResolvers<void>();
  worker.on("message", see);
  worker.on("error", ended.reject);
  worker.on("exit", (code) =>
    code === 0 ? ended.resolve() : ended.reject(new Error(`the thread ended with ${code}`)),
  );
  try {
    await ended.promise;
  } finally {
    await worker.terminate();
  }
}
