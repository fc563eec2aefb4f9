import { copyFileSync, cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { markdownTable } from "markdown-table";
import { openPullRequest } from "../test/workflows/pull-request.ts";
import { serveRelease } from "../test/workflows/release.ts";
import { makeCallerRepository, type TestRepository } from "../test/workflows/repository.ts";
import installTools, { actTools } from "../test/workflows/tools.ts";
import { machine, tellSection } from "./bench/page.ts";

const root = join(import.meta.dirname, "..");

/** Seconds by step, and of the whole run as a person waits for it. */
interface Timing {
  steps: ReadonlyMap<string, number>;
  jobs: number;
  total: number;
}

/**
 * Times what an adopter's jobs take: a repository of models alone, whose workflows are those that `mergeml init` writes, and which
 * use a packed release, under act. `--write` puts the table into docs/benchmarks.md.
 */
async function main(): Promise<void> {
  installTools();
  await using release = await serveRelease();
  await using repository = await makeCallerRepository(release);
  startModels(repository);
  const without = await openPullRequest(repository, { number: 1, branch: "text", files: { "NOTES.md": "Hello\n" } });
  const idle = await time(repository, without);
  const params = "{ trees: 150, learning_rate: 0.15, max_leaves: 31 }";
  const event = await openPullRequest(repository, { number: 2, branch: "better", params });
  const cold = await time(repository, event);
  const warm = await time(repository, event, { installed: true });
  tell(idle, cold, warm);
}

/** diamond-price in production, in a repository that has nothing of mergeml but callers. */
function startModels(repository: TestRepository): void {
  repository.mergeml("init", "--actions", "mergeml/mergeml@v0.1.0");
  rmSync(join(repository.root, "models/flats"), { recursive: true });
  cpSync(join(root, "models/diamond-price"), join(repository.root, "models/diamond-price"), { recursive: true });
  mkdirSync(join(repository.root, "data"), { recursive: true });
  copyFileSync(
    join(root, "node_modules/@observablehq/sample-datasets/diamonds.csv"),
    join(repository.root, "data/diamonds.csv"),
  );
  writeFileSync(join(repository.root, "mergeml.yaml"), "data: [data]\n");
  repository.git("add", ".");
  repository.git("commit", "-qm", "Add a model");
  repository.git("push", "-q", "origin", "main");
  repository.mergeml("run", "diamond-price");
}

async function time(repository: TestRepository, event: object, { installed = false } = {}): Promise<Timing> {
  if (!installed) {
    rmSync(actTools, { recursive: true, force: true });
    mkdirSync(actTools, { recursive: true });
  }
  const began = performance.now();
  const { code, log } = await repository.run("pull_request", ".github/workflows/model-pr.yml", event);
  if (code !== 0) throw new Error(log);
  const jobs = new Set([...log.matchAll(/^\[([^\]]+?)\s*\].*Set up job/gm)].map(([, job]) => job)).size;
  return { steps: stepsOf(log), jobs, total: (performance.now() - began) / 1_000 };
}

function tell(idle: Timing, cold: Timing, warm: Timing): void {
  const setups = [...cold.steps].filter(([step]) => step.endsWith("setup")).map(([, took]) => took);
  const names = [...new Set([...idle.steps.keys(), ...cold.steps.keys()])];
  const rows = names.map((step) => [step, ...[idle, cold, warm].map(({ steps }) => seconds(steps.get(step)))]);
  const table = markdownTable(
    [
      [
        "step",
        "no model, nothing installed",
        "diamond-price, nothing installed",
        "diamond-price, archive in the tool cache",
      ],
      ...rows,
      ["jobs that ran", ...[idle, cold, warm].map(({ jobs }) => `${jobs}`)],
      [
        "**ours: all steps** (goal without a model 5 s)",
        ...[idle, cold, warm].map((each) => seconds(sum([...each.steps.values()]))),
      ],
      ["**the whole run** (goal of diamond-price cold 20 s)", ...[idle, cold, warm].map(({ total }) => seconds(total))],
      ["**longest setup from nothing** (goal 8 s)", "", seconds(Math.max(...setups)), ""],
    ],
    { align: ["left", "right", "right", "right"] },
  );
  const load = loadavg()[0]?.toFixed(1);
  const about =
    "`npm run bench:workflows -- --write`: `model-pr.yml` by the caller that `mergeml init` writes, with a packed release whose archive a loopback server has, under act in host mode.";
  tellSection(
    "A pull request's workflow",
    `${about} Load of the machine at the end: ${load}.\n\n${table}\n\n${machine()}`,
  );
}

/** act ends a step's line with its duration, such as `[856.377208ms]` or `[1m2.5s]`. */
function stepsOf(log: string): Map<string, number> {
  const line =
    /^\[(?:[^\]/]+\/)*([\w-]+)[^\]/]*\].*Success - Main \.\/\.mergeml\/tool\/actions\/(\w+) \[(?:(\d+)m)?([\d.]+)(ms|s)\]$/gm;
  const steps = new Map<string, number>();
  for (const [, job, action, minutes = "0", amount, unit] of log.matchAll(line))
    steps.set(`job ${job}: ${action}`, Number(minutes) * 60 + Number(amount) / (unit === "ms" ? 1_000 : 1));
  return steps;
}

const sum = (values: readonly number[]) => values.reduce((total, each) => total + each, 0);

function seconds(value: number | undefined): string {
  return value === undefined ? "–" : `${value.toFixed(1)} s`;
}

await main();
