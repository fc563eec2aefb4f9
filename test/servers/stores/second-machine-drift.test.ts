import { cpSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { BrokenCheck } from "../../../pipelines/roll-back-when-broken.ts";
import type { Scratch } from "../../scratch.ts";
import { deployedPumps, logged, off, setRollback } from "../../watch/promotion/pumps.ts";
import { type StorageServer, startS3 } from "../object-storage.ts";

/** A model in production as v2, with its store and its prediction log in a bucket, and a machine that has only the repository. */
let server: StorageServer;
let scratch: Scratch;
const second = (...args: string[]) => scratch.mergeml("-C", "../second", ...args);
const local = (name: string) => join(scratch.folder, "second/.mergeml", name);

beforeAll(async () => {
  server = await startS3();
  scratch = await deployedPumps(off);
  Object.assign(scratch.env, server.env);
  const lake = `{ type: s3, url: s3://acme-models/log/, endpoint: "${server.endpoint}", region: us-east-1 }`;
  scratch.write(
    "mergeml.yaml",
    `sources: { lake: ${lake} }\nstore: ${server.address("store")}\npredictions: s3://acme-models/log\n`,
  );
  setRollback(scratch, "{ when: { error_rate: 5%, worse_than_previous: true } }");
  const model = "models/pump/model.yaml";
  const text = readFileSync(join(scratch.root, model), "utf8");
  scratch.write(model, text.replace("drift: {", "drift: { method: evidently,"));
  scratch.git("add", "mergeml.yaml", "models");
  scratch.git("commit", "-qm", "Keep everything in a bucket");
  scratch.git("push", "-q");
  const pushed = await scratch.facts<{ items: { problem: string | null }[] }>(["store", "push"]);
  expect(pushed.items.filter(({ problem }) => problem !== null)).toEqual([]);
  const file = "2001-04-10/server-0.parquet";
  await logged(scratch, { file, more: ", CASE WHEN id % 2 = 0 THEN 'timeout' END AS error" });
  await server.open().put(`log/pump/${file}`, readFileSync(join(scratch.root, "predictions/pump", file)));
  scratch.clone("second", "main");
  cpSync(join(scratch.root, "data"), join(scratch.folder, "second/data"), { recursive: true });
});
afterAll(async () => {
  scratch?.[Symbol.dispose]();
  await server?.[Symbol.asyncDispose]();
});

test("a machine with an empty cache checks drift on the rows of the version, from the store", async () => {
  expect(existsSync(local("store"))).toBe(false);
  const told = await second("drift", "pump", "--now", "2001-04-16T06:00:00Z");
  expect(told.code, told.stderr).toBe(1);
  expect(told.stdout).toContain("v2 breaks error_rate and worse_than_previous; v1 was there before");
  expect(told.stdout).toContain("- broken: 50% of 72 requests failed (limit 5%)");
  expect(readdirSync(local("store/datasets")).filter((name) => name.endsWith(".parquet"))).not.toEqual([]);
  const here = await scratch.mergeml("drift", "pump", "--now", "2001-04-16T06:00:00Z");
  expect(told.stdout).toBe(here.stdout);
});

test("and takes a promotion back that is worse than the version before", async () => {
  const done = await second("rollback", "pump", "--when-broken", "--now", "2001-04-16T06:00:00Z", "--json");
  expect(done.code, done.stderr).toBe(0);
  expect(JSON.parse(done.stdout) as BrokenCheck).toMatchObject({ version: 2, done: { from: 2, to: 1 } });
  scratch.git("fetch", "-q", "origin", "registry");
  const message = scratch.git("log", "-1", "--format=%B", "origin/registry");
  expect(message).toMatch(/rmse is [\d.]+ on 72 labelled rows, v1's is [\d.]+ on the same: worse by/);
});
