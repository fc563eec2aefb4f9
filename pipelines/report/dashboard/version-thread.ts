import { parentPort, workerData } from "node:worker_threads";
import { openGit } from "../../registry/git/git.ts";
import { recordFile } from "../../registry/version-record.ts";
import { type ReadVersion, readVersion } from "./listed-version.ts";
import type { ReadModel, VersionTrees } from "./version-reader.ts";

const port = parentPort;
if (!port) throw new Error("This is a thread that reads versions; it is started by version-reader.ts.");
const { cwd, env, models } = workerData as VersionTrees;
await using git = openGit(cwd, { env });
const names = models.flatMap(({ trees }) => trees.map((tree) => `${tree}:${recordFile}`));
let [at, read] = [0, [] as (ReadVersion | null)[]];

await git.objects.visit(names, (object) => {
  read.push(object && readVersion(object.content));
  const { model, trees } = models[at]!;
  if (read.length < trees.length) return;
  const json = new TextEncoder().encode(JSON.stringify(read));
  port.postMessage({ model, json } satisfies ReadModel, [json.buffer]); // handed over, not copied
  [at, read] = [at + 1, []];
});
