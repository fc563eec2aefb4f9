import { globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { sha256 } from "../../pipelines/config/canonical-json.ts";
import { openWorkspace } from "../../pipelines/open-workspace.ts";
import { type PlanEntry, planModels } from "../../pipelines/plan.ts";
import { silentLog, systemClock } from "../../pipelines/ports/host.ts";
import { openPlanMemory } from "../../pipelines/workspace/plan-memory.ts";
import { deployed, featuresSql, initialised, modelYaml, type Scratch } from "../scratch.ts";

type Planned = { models: PlanEntry[] };

const open = ({ root, env }: Scratch, useCache = true) =>
  openWorkspace({ directory: root, env, clock: systemClock, log: silentLog, useCache });

const yamlOf = ({ root }: Scratch, model = "rent") => readFileSync(join(root, "models", model, "model.yaml"), "utf8");

const memoryFile = ({ root }: Scratch) =>
  join(root, globSync(".mergeml/cache/plan/*.json", { cwd: root })[0] ?? "none");

/** Whether a plan would read the model and what runs of it again. */
async function read(scratch: Scratch): Promise<{ models: boolean; records: readonly string[] | "all" }> {
  await using workspace = await open(scratch);
  const memory = await openPlanMemory(workspace);
  const snapshot = await workspace.registry.snapshot();
  const productions = vi.spyOn(snapshot, "productions");
  await memory.running(snapshot);
  const models = memory.definitionOf("rent", yamlOf(scratch)) === null;
  return { models, records: productions.mock.calls[0]![0] ?? "all" };
}

it("reads nothing again that is as the last plan found it", async () => {
  using scratch = await deployed();
  expect(await read(scratch)).toEqual({ models: true, records: "all" });
  await scratch.facts(["plan"]);
  expect(await read(scratch)).toEqual({ models: false, records: [] });
});

it.each<[title: string, change: (scratch: Scratch) => void]>([
  ["its model.yaml", ({ write }) => write("models/rent/model.yaml", modelYaml({ params: "{ trees: 11 }" }))],
  ["a comment in it", ({ write }) => write("models/rent/model.yaml", `${modelYaml()}# done\n`)],
  ["its query", ({ write }) => write("models/rent/features.sql", `${featuresSql}WHERE size < 90\n`)],
  ["a query that is gone", ({ root }) => rmSync(join(root, "models/rent/features.sql"))],
  ["mergeml.yaml", ({ write }) => write("mergeml.yaml", "defaults: { seed: 8 }\n")],
  ["a feature view", ({ write }) => write("features/cities.sql", "SELECT 1 AS id\n")],
])("reads a model again after a change of %s", async (_title, change) => {
  using scratch = await deployed();
  await scratch.facts(["plan"]);
  change(scratch);
  expect((await read(scratch)).models).toBe(true);
});

it("reads again what runs of those models alone whose folder on the branch has changed", async () => {
  using scratch = await deployed();
  scratch.write("models/constructor/model.yaml", modelYaml({ name: "constructor" }));
  scratch.write("models/constructor/features.sql", featuresSql);
  await scratch.facts(["run", "constructor"]);
  await scratch.facts(["plan"]);
  scratch.write("models/constructor/model.yaml", modelYaml({ name: "constructor", params: "{ trees: 12 }" }));
  await scratch.facts(["run", "constructor"]);
  expect(await read(scratch)).toEqual({ models: false, records: ["constructor"] });
});

it.each([
  ["no JSON", "{"],
  ["of another kind", '["plan"]'],
  ["of other shapes", '{ "context": null, "models": 3, "folders": [] }'],
])("goes without a memory that is %s, and makes it again", async (_title, content) => {
  using scratch = await deployed();
  const first = await scratch.facts(["plan"]);
  writeFileSync(memoryFile(scratch), content);
  expect(await read(scratch)).toEqual({ models: true, records: "all" });
  expect(await scratch.facts(["plan"])).toEqual(first);
  expect(await read(scratch)).toEqual({ models: false, records: [] });
});

it("goes without what the memory says in another shape", async () => {
  using scratch = await deployed();
  await scratch.facts(["plan"]);
  const file = memoryFile(scratch);
  const { models, folders, ...kept } = JSON.parse(readFileSync(file, "utf8"));
  const odd = { models: { rent: { ...models.rent, reads: 1 } }, folders: { rent: { ...folders.rent, runs: "v1" } } };
  writeFileSync(file, JSON.stringify({ ...kept, ...odd }));
  expect(await read(scratch)).toEqual({ models: true, records: "all" });
});

it("reads a model again of which the memory tells files elsewhere", async () => {
  using scratch = await deployed();
  await scratch.facts(["plan"]);
  const file = memoryFile(scratch);
  const { models, ...kept } = JSON.parse(readFileSync(file, "utf8"));
  const content = sha256(JSON.stringify([yamlOf(scratch), readFileSync(join(scratch.root, "data/flats.csv"), "utf8")]));
  for (const reads of [["data/flats.csv"], ["models/rent/../../data/flats.csv"]]) {
    writeFileSync(file, JSON.stringify({ ...kept, models: { rent: { ...models.rent, reads, content } } }));
    expect((await read(scratch)).models).toBe(true);
  }
});

it("neither believes nor keeps one in a job, or with --no-cache", async () => {
  using scratch = await deployed();
  scratch.env.CI = "true";
  await scratch.facts(["plan"]);
  expect(globSync(".mergeml/cache/plan/*", { cwd: scratch.root })).toEqual([]);
  delete scratch.env.CI;
  await scratch.facts(["plan"]);
  expect((await read(scratch)).models).toBe(false);
  scratch.env.CI = "true";
  expect(await read(scratch)).toEqual({ models: true, records: "all" });
  delete scratch.env.CI;
  await using workspace = await open(scratch, false);
  expect((await openPlanMemory(workspace)).definitionOf("rent", yamlOf(scratch))).toBeNull();
});

it("plans the same with a memory as without, whatever comes", async () => {
  using scratch = await initialised();
  const { write, root, git } = scratch;
  const states: (string | undefined)[] = [];
  const same = async () => {
    const planned = await scratch.facts<Planned>(["plan"], 0).catch(() => scratch.facts<Planned>(["plan"], 2));
    await using forgetful = await open(scratch, false);
    const { entries } = await planModels(forgetful);
    expect(planned.models).toEqual(JSON.parse(JSON.stringify(entries)));
    states.push(planned.models.find(({ model }) => model === "rent")?.state);
  };
  await same();
  await scratch.facts(["run", "rent"]);
  await same();
  await same();
  write("models/rent/model.yaml", modelYaml({ params: "{ trees: 12 }" }));
  await same();
  await scratch.facts(["run", "rent"]);
  await same();
  write("models/rent/model.yaml", modelYaml());
  await same();
  write("models/rent/model.yaml", modelYaml({ params: "{ trees: 12 }" }));
  await same();
  await scratch.facts(["rollback", "rent"]);
  await same();
  write("models/rent/model.yaml", "name: rent\n");
  await same();
  write("models/rent/model.yaml", modelYaml());
  write("mergeml.yaml", "defaults: { thresholds: { retrain: { mode: point } } }\n");
  await same();
  write("features/cities.yaml", "key: city\n");
  write("features/cities.sql", "SELECT city, count(*) AS flats FROM 'flats.csv' GROUP BY city\n");
  write(
    "models/rent/features.sql",
    featuresSql.replace("FROM", ", c.flats FROM features.cities c JOIN").replace("\n", " USING (city)\n"),
  );
  await same();
  write("features/cities.sql", "SELECT city, 2 * count(*) AS flats FROM 'flats.csv' GROUP BY city\n");
  await same();
  write("features/cities.yaml", "key: [\n");
  await same();
  rmSync(join(root, "models/rent"), { recursive: true });
  await same();
  expect(states.join()).toBe(
    "new,unchanged,unchanged,changed,unchanged,registered,unchanged,held,invalid,unchanged,changed,changed,invalid,removed",
  );
  expect(git("status", "--porcelain")).not.toContain(".mergeml");
});

it("plans the models that are named, and tells nothing of the others", async () => {
  using scratch = await deployed();
  for (const name of ["other", "third"]) {
    scratch.write(`models/${name}/model.yaml`, modelYaml({ name }));
    scratch.write(`models/${name}/features.sql`, featuresSql);
  }
  expect((await scratch.facts<Planned>(["plan", "rent", "other"])).models).toMatchObject([
    { model: "other", state: "new" },
    { model: "rent", state: "unchanged" },
  ]);
});

it("reads a program each time, whose files are hashed anyway", async () => {
  using scratch = await initialised();
  scratch.write("models/rent/model.yaml", modelYaml({ type: "command", params: "{ run: [node, fit.mjs] }" }));
  scratch.write("models/rent/fit.mjs", "process.exit(0);\n");
  const [planned] = (await scratch.facts<Planned>(["plan"])).models;
  expect(planned).toMatchObject({ model: "rent", state: "new" });
  expect((await read(scratch)).models).toBe(true);
});
