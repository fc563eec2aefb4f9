import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { flatsCsv, makeScratch, type Scratch } from "../../scratch.ts";
import { extensionFolder } from "../lake.ts";
import { type StorageServer, secretKey, startS3 } from "../object-storage.ts";

let server: StorageServer;
let scratch: Scratch;
const told: string[] = [];

/** The model `rent` on rows of a bucket, with its prediction log there too. */
beforeAll(async () => {
  server = await startS3();
  scratch = makeScratch();
  Object.assign(scratch.env, server.env, { MERGEML_DUCKDB_EXTENSIONS: extensionFolder });
  await server.open().put("ml/flats.csv", Buffer.from(flatsCsv()));
  scratch.write(
    "mergeml.yaml",
    `sources: { lake: { type: s3, url: s3://acme-models/ml/, endpoint: "${server.endpoint}", region: us-east-1 } }
predictions: s3://acme-models/predictions\n`,
  );
  scratch.write("models/rent/features.sql", 'SELECT id, size, rooms, city, rent FROM lake."flats.csv"\n');
  scratch.git("add", ".");
  scratch.git("commit", "-qm", "Read rows from the lake");
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  scratch?.[Symbol.dispose]();
});

async function mergeml(...args: string[]) {
  const result = await scratch.mergeml(...args);
  told.push(result.stdout, result.stderr);
  return result;
}

test("a model is trained, deployed, logged, watched and reproduced from a bucket, and named objects explain other rows", async () => {
  await mergeml("init");
  expect((await mergeml("run", "rent")).code).toBe(0);
  const predict = ["predict", "rent", "--input", "data/flats.csv", "--output", "out.csv", "--log"];
  expect((await mergeml(...predict, "--now", "2100-01-02T12:00:00Z")).code).toBe(0);
  const keys = [];
  for await (const { key } of server.open().list("predictions/")) keys.push(key);
  expect(keys).toEqual([expect.stringMatching(/^predictions\/rent\/2100-01-02\/batch-[0-9a-f]+-0\.parquet$/)]);
  rmSync(join(scratch.root, ".mergeml/predictions"), { recursive: true });
  const drift = await mergeml("drift", "rent", "--now", "2100-01-03T00:00:00Z", "--json");
  expect(JSON.stringify(JSON.parse(drift.stdout))).toContain('"source":"log"');
  const same = JSON.parse((await mergeml("reproduce", "rent@1", "--json")).stdout);
  expect(same).toMatchObject({ identical: true, data: "query" });
  await server.open().put("ml/flats.csv", Buffer.from(flatsCsv(500)));
  const other = JSON.parse((await mergeml("reproduce", "rent@1", "--json")).stdout);
  expect(other).toMatchObject({ identical: true, data: "store" });
  expect(other.notes).toContain("in the source lake, flats.csv is changed");
});

test("what goes wrong with a sign-in is told as what it is", async () => {
  const { AWS_SECRET_ACCESS_KEY: right } = scratch.env;
  scratch.env.AWS_SECRET_ACCESS_KEY = `${secretKey}-and-wrong`;
  const wrong = await mergeml("train", "rent");
  expect([wrong.code, wrong.stderr]).toEqual([3, expect.stringContaining("does not let this job in")]);
  delete scratch.env.AWS_SECRET_ACCESS_KEY;
  const missing = await mergeml("train", "rent");
  expect([missing.code, missing.stderr]).toEqual([
    2,
    expect.stringContaining("the source lake needs the environment variable AWS_SECRET_ACCESS_KEY, which is not set"),
  ]);
  expect((await mergeml("validate")).code).toBe(0);
  scratch.env.AWS_SECRET_ACCESS_KEY = right;
});

test("no secret is in any output, file, cache, record or commit", () => {
  const files = filesBelow(scratch.folder).map((path) => readFileSync(path));
  const objects = [scratch.root, join(scratch.folder, "origin.git")].map((cwd) =>
    execFileSync("git", ["cat-file", "--batch-all-objects", "--batch"], { cwd, maxBuffer: 1e9 }),
  );
  const all = [...files, ...objects, Buffer.from(told.join("\n"))];
  expect(all.length).toBeGreaterThan(20);
  for (const secret of [secretKey, server.env.AWS_ACCESS_KEY_ID!])
    expect(all.filter((bytes) => bytes.includes(secret))).toEqual([]);
});

function filesBelow(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
