import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import type { CandidateRecord } from "../../../pipelines/registry/version-record.ts";
import { makeScratch, modelYaml, type Scratch } from "../../scratch.ts";

const space = "{ learning_rate: { min: 0.02, max: 0.4, scale: log }, max_leaves: [2, 4, 8] }";

function searching(search: string): Scratch {
  const scratch = makeScratch({ remote: false });
  scratch.write("models/rent/model.yaml", withSearch(search));
  return scratch;
}

function withSearch(search: string): string {
  const thresholds = "  primary: rmse\n  first_deploy: { rmse: { max: 400 } }";
  return `${modelYaml({ params: "{ trees: 12, min_rows_per_leaf: 5 }", thresholds })}search: ${search}\n`;
}

async function trained(scratch: Scratch, ...options: string[]): Promise<CandidateRecord> {
  const { directory } = await scratch.facts<{ directory: string }>(["train", "rent", ...options]);
  return JSON.parse(readFileSync(join(scratch.root, directory, "candidate.json"), "utf8"));
}

/** What must not depend on how a search was run. */
function found({ trials, config, model }: CandidateRecord) {
  return { params: config.params, model, trials: trials?.map(({ seconds: _, ...trial }) => trial) };
}

function trialFiles(scratch: Scratch): string[] {
  const folder = join(scratch.root, ".mergeml/search/rent");
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder, { recursive: true }).map(String);
  return names.filter((name) => name.endsWith(".json")).map((name) => join(folder, name));
}

test("the best trial's params are the model's, and every trial is in the record and in the report", async () => {
  using scratch = searching(`{ space: ${space}, trials: 6 }`);
  const { trials = [], config, train } = await trained(scratch);
  const winner = trials.find((trial) => trial.winner);
  expect(trials).toHaveLength(6);
  expect(winner?.score).toBe(Math.min(...trials.map(({ score }) => score!)));
  expect(config.params).toMatchObject({ trees: 12, min_rows_per_leaf: 5, ...winner?.params });
  expect(train.rows).toBeGreaterThan(300);
  const { stdout } = await scratch.mergeml("report", "rent");
  expect(stdout).toContain("<summary>Search: 6 trials (random)</summary>");
  expect(stdout).toContain("| learning_rate | max_leaves | rmse | seconds |");
});

test("one process, three, shards in any order and copied results: the same model and the same trials", async () => {
  using scratch = searching(`{ space: ${space}, trials: 5, parallel: 1 }`);
  const alone = found(await trained(scratch));
  scratch.write("models/rent/model.yaml", withSearch(`{ space: ${space}, trials: 5, parallel: 3 }`));
  expect(found(await trained(scratch, "--no-cache"))).toEqual(alone);

  using other = searching(`{ space: ${space}, trials: 5 }`);
  const shard = await other.facts<{ trials: number; total: number; folder: string }>([
    "train",
    "rent",
    "--shard",
    "2/2",
  ]);
  expect(shard).toMatchObject({ trials: 2, total: 5 });
  expect(trialFiles(other)).toHaveLength(2);

  using collecting = searching(`{ space: ${space}, trials: 5 }`);
  await collecting.facts(["train", "rent", "--shard", "1/2"]);
  cpSync(join(other.root, shard.folder), join(collecting.root, shard.folder), { recursive: true });
  const before = trialFiles(collecting).map((file) => statSync(file).mtimeMs);
  expect(before).toHaveLength(5);
  expect(found(await trained(collecting))).toEqual(alone);
  expect(trialFiles(collecting).map((file) => statSync(file).mtimeMs)).toEqual(before);
});

test("halving drops the worse trials and gives the others more; shards are of the first round", async () => {
  using scratch = searching(`{ method: halving, resource: trees, space: ${space}, trials: 9 }`);
  const whole = await trained(scratch);
  const budgets = whole.trials?.map(({ budget }) => budget).sort((a, b) => a! - b!);
  expect(budgets).toEqual([1, 1, 1, 1, 1, 1, 4, 4, 12]);
  expect(whole.config.params.trees).toBe(12);
  expect(whole.trials?.find(({ winner }) => winner)?.budget).toBe(12);

  using split = searching(`{ method: halving, resource: trees, space: ${space}, trials: 9 }`);
  await split.facts(["train", "rent", "--shard", "2/3"]);
  await split.facts(["train", "rent", "--shard", "1/3"]);
  expect(trialFiles(split)).toHaveLength(6);
  expect(found(await trained(split))).toEqual(found(whole));
});

test("halving by rows: the last round learns from all but the validation rows", async () => {
  using scratch = searching(`{ method: halving, space: ${space}, trials: 3, validation: 0.25 }`);
  const { trials, train } = await trained(scratch);
  const fitting = train.rows - Math.round(train.rows * 0.25);
  expect(trials?.map(({ budget }) => budget).sort((a, b) => a! - b!)).toEqual([
    Math.round(fitting / 3),
    Math.round(fitting / 3),
    fitting,
  ]);
});

test("a search that was killed goes on from its finished trials", async () => {
  using scratch = searching(`{ space: ${space}, trials: 12, parallel: 1 }`);
  const script = join(import.meta.dirname, "../../../scripts/mergeml.ts");
  const env = scratch.env as NodeJS.ProcessEnv;
  const child = spawn(process.execPath, [script, "train", "rent"], { cwd: scratch.root, env, stdio: "ignore" });
  const ended = once(child, "exit");
  await vi.waitUntil(() => trialFiles(scratch).length >= 2, { timeout: 120_000, interval: 2 });
  child.kill("SIGKILL");
  await ended;
  const kept = trialFiles(scratch).map((file) => [file, statSync(file).mtimeMs] as const);
  expect(kept.length).toBeLessThan(12);
  const [half] = kept.splice(0, 1);
  writeFileSync(half![0], readFileSync(half![0], "utf8").slice(0, 20));
  const resumed = await trained(scratch);
  for (const [file, modified] of kept) expect(statSync(file).mtimeMs).toBe(modified);
  rmSync(join(scratch.root, ".mergeml"), { recursive: true });
  expect(found(resumed)).toEqual(found(await trained(scratch)));
});

test("a deployed search is unchanged for plan, and reproduced without searching again", async () => {
  using scratch = searching(`{ space: ${space}, trials: 3 }`);
  await scratch.facts(["init"]);
  await scratch.facts(["run", "rent"]);
  expect(await scratch.facts(["plan"])).toMatchObject({ models: [{ state: "unchanged", production: 1 }] });
  rmSync(join(scratch.root, ".mergeml/search"), { recursive: true });
  expect(await scratch.facts(["reproduce", "rent@1"])).toMatchObject({ identical: true });
  expect(trialFiles(scratch)).toEqual([]);
  expect(await scratch.facts(["verify"])).toMatchObject({ problems: [] });
  scratch.write("models/rent/model.yaml", withSearch(`{ space: ${space}, trials: 4 }`));
  const { models } = await scratch.facts<{ models: { detail: string }[] }>(["plan"]);
  expect(models).toMatchObject([{ state: "changed", detail: "search.trials 3 → 4" }]);
});

test.each<[title: string, search: string | null, option: string, message: RegExp]>([
  ["no search to split", null, "1/2", /model\.yaml:2:1 .*rent has no search to split/],
  ["a share beyond the last", `{ space: ${space} }`, "3/2", /--shard 3\/2 is not a share of the trials/],
  ["a share that is no share", `{ space: ${space} }`, "half", /--shard half is not a share of the trials/],
])("%s is the user's error", async (_title, search, option, message) => {
  using scratch = makeScratch({ remote: false });
  if (search) scratch.write("models/rent/model.yaml", withSearch(search));
  const told = await scratch.mergeml("train", "rent", "--shard", option);
  expect(told.code).toBe(2);
  expect(told.stderr).toMatch(message);
});

test("a search none of whose trials can be scored says why", async () => {
  using scratch = makeScratch({ remote: false });
  const thresholds = "  primary: log_loss\n  first_deploy: { log_loss: { max: 9 } }";
  const text = modelYaml({ thresholds }).replace("task: regression", "task: classification");
  scratch.write("models/rent/model.yaml", `${text}search: { space: ${space}, trials: 2, metric: roc_auc }\n`);
  const rare = "CASE WHEN id IN (1, 2) THEN 'dear' ELSE 'fair' END AS rent";
  scratch.write("models/rent/features.sql", `SELECT id, size, rooms, city, ${rare} FROM 'flats.csv'\n`);
  const told = await scratch.mergeml("train", "rent");
  expect(told.code).toBe(2);
  expect(told.stderr).toContain("none of the 2 trials of the search could be scored: roc_auc is not defined");
});
