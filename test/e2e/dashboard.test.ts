import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openWorkspace } from "../../pipelines/open-workspace.ts";
import { silentLog, systemClock } from "../../pipelines/ports/host.ts";
import { deployed, type Scratch } from "../scratch.ts";
import { startServe } from "../serving/serve-process.ts";
import { failedDrift, modelDrift } from "../watch/drift/results.ts";

const launcher = join(import.meta.dirname, "../../scripts/mergeml");

/** The pages of a site that is built now, by their paths, without the moment of it. */
async function build(scratch: Scratch, ...options: string[]): Promise<Map<string, string>> {
  await scratch.facts(["dashboard", "--output", "site", ...options]);
  const files = readdirSync(join(scratch.root, "site"), { recursive: true, encoding: "utf8" }).sort();
  return new Map(
    files
      .filter((file) => file.endsWith(".html"))
      .map((file) => [
        file,
        readFileSync(join(scratch.root, "site", file), "utf8").replaceAll(/As of <time.*?<\/time>/g, ""),
      ]),
  );
}

it("a site is the same from records and from what is remembered of them, and leaves out what cannot be read", async () => {
  using scratch = await deployed();
  const first = await build(scratch);
  expect([...first.keys()]).toEqual(expect.arrayContaining(["index.html", "models/rent.html", "data/index.html"]));
  expect(first.get("models/rent.html")).toContain("v1 in production");
  expect(await build(scratch)).toEqual(first);
  const kept = join(scratch.root, ".mergeml/cache/dashboard");
  for (const file of readdirSync(kept)) writeFileSync(join(kept, file), "[{");
  expect(await build(scratch)).toEqual(first);
  const registry = scratch.clone("registry", "registry");
  mkdirSync(join(scratch.folder, "registry/models/rent/versions/2"));
  writeFileSync(join(scratch.folder, "registry/models/rent/versions/2/version.json"), '{ "version": 2 }');
  registry("add", ".");
  registry("commit", "-qm", "Add half a version");
  registry("push", "-q", "origin", "registry");
  const { stderr } = await scratch.mergeml("dashboard", "--output", "site");
  expect(stderr).toContain("rent@2 cannot be read and is left out: see mergeml verify");
  expect((await build(scratch)).get("models/rent.html")).toContain("<h2>1 version</h2>");
});

it("a build fetches each branch once", async () => {
  using scratch = await deployed();
  scratch.env.GIT_TRACE = join(scratch.folder, "trace");
  await build(scratch);
  const fetches = readFileSync(scratch.env.GIT_TRACE, "utf8").match(/built-in: git fetch .*/g) ?? [];
  const branches = fetches.map((fetch) => /refs\/(?:heads\/)?([\w/]+):/.exec(fetch)?.[1]);
  expect(branches.toSorted()).toEqual(["mergeml/runs", "registry"]);
});

it("shows the drift that a job found, and what is handed over instead; another version begins unchecked", async () => {
  using scratch = await deployed();
  await using workspace = await openWorkspace({
    ...{ directory: scratch.root, env: scratch.env, clock: systemClock, log: silentLog, useCache: true },
  });
  const [before] = modelDrift().history;
  const newest = { ...before!, prediction: { column: "prediction", distance: 0.3, limit: 0.1 } };
  const drifts = { outcome: "drift", persistent: "drift", history: [newest, before!] } as const;
  const drift = async (...options: string[]) =>
    /<td data-header="drift">(.*?)<\/td>/s.exec((await build(scratch, ...options)).get("index.html")!)![1];
  expect(await drift()).toContain("not checked");
  await workspace.runs.keepDrift([modelDrift({ model: "rent", version: 2, ...drifts })]);
  expect(await drift()).toContain("not checked");
  await workspace.runs.keepDrift([modelDrift({ model: "rent", version: 1, ...drifts })]);
  expect(await drift()).toMatch(/drifting.*<polyline/);
  scratch.write(
    "drift.json",
    JSON.stringify({ models: [failedDrift("rent"), modelDrift({ model: "rent", version: 1 })] }),
  );
  expect(await drift("--drift", "drift.json")).toContain("clean");
  for (const [text, said] of [
    ['{ "models": [{ "model": "rent", "outcome": "constructor" }] }', "models[0] is no result of a check"],
    ["{}", "has no list of models"],
    ["{", "cannot be read"],
  ] as const) {
    scratch.write("drift.json", text);
    const told = await scratch.mergeml("dashboard", "--output", "site", "--drift", "drift.json");
    expect(told).toMatchObject({ code: 2, stderr: expect.stringContaining(said) });
  }
});

it("--serve shows it here, anew for each look at the first page, and nothing beside it", async () => {
  using scratch = await deployed();
  const [cwd, program] = [scratch.root, [launcher, "dashboard", "--serve"]];
  await using serving = await startServe({ program, cwd, env: scratch.env });
  const ask = async (path: string, init?: RequestInit) => {
    const answer = await fetch(`${serving.url}${path}`, init);
    return { status: answer.status, text: await answer.text(), headers: answer.headers };
  };
  const index = await ask("/");
  expect(index).toMatchObject({ status: 200, text: expect.stringContaining('<a href="models/rent.html">rent</a>') });
  expect(index.headers.get("content-type")).toBe("text/html; charset=utf-8");
  expect((await ask("/models/rent.html?q=1")).text).toContain("v1 in production");
  expect((await ask("/data/index.html")).status).toBe(200);
  for (const path of ["/models/../../mergeml.yaml", "/..%2f..%2fmergeml.yaml", "/constructor", "/models/"])
    expect(await ask(path)).toMatchObject({ status: 404, text: "no such page" });
  await scratch.facts(["rollback", "rent"]).catch(() => undefined);
  await scratch.facts(["train", "rent"]);
  expect((await ask("/")).status).toBe(200);
  expect((await ask("/models/rent.html")).text).toContain("2 runs");
  scratch.write("mergeml.yaml", "registry: [");
  expect((await ask("/")).status).toBe(200);
  serving.signal("SIGTERM");
});
