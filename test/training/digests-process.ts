import { builtIn, rowsOf, tasks, trainWith } from "./every-trainer.ts";

// Prints the hash of a model of every trainer and task, for a test that wants another process or runtime to train them.
const digests: Record<string, string> = {};
for (const { type, params } of builtIn) {
  for (const task of tasks) digests[`${type}, ${task}`] = (await trainWith(type, rowsOf(400, task), params)).sha256;
}
process.stdout.write(JSON.stringify({ node: process.versions.node, digests }));
