import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { sha256 } from "../../pipelines/config/canonical-json.ts";
import { openDatasetStore } from "../../pipelines/data/dataset-store.ts";
import { openStore } from "../../pipelines/data/stores.ts";
import { EnvironmentError } from "../../pipelines/errors/expected-error.ts";
import { silentLog, systemClock } from "../../pipelines/ports/host.ts";
import { scratchProject } from "./feature-project.ts";

const fingerprint = `fp:${"0123456789abcdef".repeat(2)}`;
const ref = { fingerprint, rows: 1, columns: [{ name: "y", type: "double" }] };

test("a dataset is stored once, with its record beside it", async () => {
  await using project = await scratchProject();
  const { store } = project;
  expect(await store.has(fingerprint)).toBe(false);
  await using staging = await store.staging();
  for (const content of ["first", "second"]) {
    const file = join(staging.path, content);
    await writeFile(file, content);
    await store.putParquet(fingerprint, ref, file);
  }
  expect(await store.has(fingerprint)).toBe(true);
  expect(await store.list()).toEqual([{ fingerprint, bytes: 5, modified: expect.any(Date) }]);
  expect(await readdir(staging.path)).toEqual([]);
  expect((await readdir(join(await store.path(fingerprint), ".."))).sort()).toEqual([
    `${fingerprint.slice(3)}.json`,
    `${fingerprint.slice(3)}.parquet`,
  ]);
  await store.delete(fingerprint);
  await store.delete(fingerprint);
  expect(await store.list()).toEqual([]);
});

test("a missing dataset is named with its file", async () => {
  await using project = await scratchProject();
  await expect(project.store.path(fingerprint)).rejects.toThrow(
    `${fingerprint} is not in the dataset store: there is no ${project.root}`,
  );
  await expect(project.store.path(fingerprint)).rejects.toThrow(EnvironmentError);
  expect(await project.store.list()).toEqual([]);
});

test("a blob comes back as it went in, or not at all", async () => {
  await using project = await scratchProject();
  const bytes = Buffer.from("a model");
  const sha = await project.store.putBlob(bytes);
  expect(sha).toBe(sha256(bytes));
  expect(await project.store.putBlob(bytes)).toBe(sha);
  expect(Buffer.from(await project.store.readBlob(sha))).toEqual(bytes);
  const file = join(project.root, ".mergeml/store/models", `${sha.slice(7)}.onnx`);
  await writeFile(file, "another model");
  await expect(project.store.readBlob(sha)).rejects.toThrow(`${file} was changed: its content is sha256:`);
  const missing = sha256("nothing");
  await expect(project.store.readBlob(missing)).rejects.toThrow(`${missing} is not in the dataset store`);
});

test.each(["../../etc/passwd", "fp:../x", "fp:ABCDEF0123456789ABCDEF0123456789", "", "sha256:00"])(
  "%j is no name",
  async (name) => {
    await using project = await scratchProject();
    await expect(project.store.has(name)).rejects.toThrow("is not a fp: with 32 hex digits");
    await expect(project.store.readBlob(name)).rejects.toThrow("is not a sha256: with 64 hex digits");
  },
);

test("staging is removed when its scope ends, also after an error", async () => {
  await using project = await scratchProject();
  const failing = async () => {
    await using staging = await project.store.staging();
    await writeFile(join(staging.path, "half"), "");
    throw new Error("stop");
  };
  await expect(failing()).rejects.toThrow("stop");
  expect(await readdir(join(project.root, ".mergeml/store/staging"))).toEqual([]);
});

test("what a killed process left is removed a day later", async () => {
  await using project = await scratchProject();
  const parent = join(project.root, ".mergeml/store/staging");
  for (const name of ["old", "young"]) await mkdir(join(parent, name), { recursive: true });
  await utimes(join(parent, "old"), new Date("2001-01-01"), new Date("2001-01-01"));
  await using staging = await project.store.staging();
  expect((await readdir(parent)).sort()).toEqual([staging.path.slice(parent.length + 1), "young"].sort());
});

test("processes that write the same things at once do not disturb each other", async () => {
  await using project = await scratchProject();
  const folder = join(project.root, "shared");
  const url = new URL("../../pipelines/data/dataset-store.ts", import.meta.url).href;
  const script = `
    import { writeFile } from "node:fs/promises";
    const { openDatasetStore } = await import(${JSON.stringify(url)});
    const store = openDatasetStore(${JSON.stringify(folder)});
    for (let turn = 0; turn < 40; turn++) {
      await using staging = await store.staging();
      const fingerprint = "fp:" + String(turn).padStart(32, "0");
      await writeFile(staging.path + "/a", "x".repeat(100000));
      await store.putParquet(fingerprint, { fingerprint, rows: turn, columns: [] }, staging.path + "/a");
      const bytes = new Uint8Array(100000).fill(turn);
      const back = await store.readBlob(await store.putBlob(bytes));
      if (back.length !== bytes.length) throw new Error("half a blob");
    }`;
  const run = () => promisify(execFile)(process.execPath, ["--input-type=module", "-e", script]);
  await Promise.all([run(), run(), run()]);
  const datasets = await openDatasetStore(folder).list();
  expect(datasets).toHaveLength(40);
  expect(datasets.every(({ bytes }) => bytes === 100_000)).toBe(true);
  expect(await readdir(join(folder, "staging"))).toEqual([]);
  expect((await readdir(join(folder, "datasets"))).filter((name) => name.endsWith(".tmp"))).toEqual([]);
});

test("a store of a kind that this version lacks is no folder by mistake", () => {
  const options = {
    root: "/repository",
    env: {},
    repository: async () => "acme/models",
    sources: {},
    clock: systemClock,
    log: silentLog,
  };
  expect(() => openStore("ftp://bucket/sets", options)).toThrow("this version has no dataset store for ftp://");
  expect(openStore(".mergeml/store", options).title).toContain("/repository/.mergeml/store");
});

const storeModule = join(import.meta.dirname, "../../pipelines/data/dataset-store.ts");
const storing = `
import { writeFile } from "node:fs/promises";
const { openDatasetStore } = await import(${JSON.stringify(storeModule)});
const store = openDatasetStore("store");
await writeFile("rows", "rows");
await store.putParquet(${JSON.stringify(fingerprint)}, ${JSON.stringify(ref)}, "rows");
await store.putBlob(Buffer.from("model"));`;

test("each file is on the disk before it has its name, and then the name is", async () => {
  await using project = await scratchProject();
  const traced = ["--trace-event-categories", "node.fs.async", "--input-type=module", "--eval", storing];
  await promisify(execFile)(process.execPath, traced, { cwd: project.root });
  const { traceEvents } = JSON.parse(await readFile(join(project.root, "node_trace.1.log"), "utf8"));
  const done = (traceEvents as { name: string; ph: string; args: { new_path?: string } }[])
    .filter(({ name, ph }) => ph === "b" && (name === "fsync" || name === "rename"))
    .map(({ name, args }) => (name === "rename" ? extname(args.new_path ?? "") : name));
  expect(done).toEqual(["fsync", ".json", "fsync", ".parquet", "fsync", "fsync", ".onnx", "fsync"]);
});
