import { mkdirSync, rmSync } from "node:fs";
import { markdownTable } from "markdown-table";
import { openPullRequest } from "../test/workflows/pull-request.ts";
import { makeTemplateRepository } from "../test/workflows/repository.ts";
import installTools, { actTools } from "../test/workflows/tools.ts";
import { machine, tellSection } from "./bench/page.ts";

/** Seconds by step, and of the whole run as a person waits for it. */
interface Timing {
  steps: ReadonlyMap<string, number>;
  total: number;
}

/** Times model-pr.yml for a pull request that changes diamond-price, under act; `--write` puts the table into docs/benchmarks.md. */
async function main(): Promise<void> {
  installTools();
  await using repository = await makeTemplateRepository({ installs: true });
  repository.mergeml("init");
  repository.mergeml("run", "diamond-price");
  const params = "{ trees: 150, learning_rate: 0.15, max_leaves: 31 }";
  const event = await openPullRequest(repository, { number: 1, branch: "better", params });
  const judge = async (): Promise<Timing> => {
    const began = performance.now();
    const { code, log } = await repository.run("pull_request", ".github/workflows/model-pr.yml", event);
    if (code !== 0) throw new Error(log);
    return { steps: stepsOf(log), total: (performance.now() - began) / 1_000 };
  };
  rmSync(actTools, { recursive: true, force: true });
  mkdirSync(actTools);
  const first = await judge();
  const later = await judge();
  const rows = [...first.steps.keys()].map((step) => [
    step,
    seconds(first.steps.get(step)),
    seconds(later.steps.get(step)),
  ]);
  const own = ({ steps }: Timing) =>
    [...steps].reduce((sum, [step, took]) => sum + (step.endsWith("setup") ? 0 : took), 0);
  const table = markdownTable(
    [
      ["step", "dependencies not installed", "installed"],
      ...rows,
      ["**our own work: all but setup** (goal 10 s)", seconds(own(first)), seconds(own(later))],
      ["**the whole run** (goal 60 s)", seconds(first.total), seconds(later.total)],
    ],
    { align: ["left", "right", "right"] },
  );
  const about =
    "`npm run bench:workflows -- --write`: `model-pr.yml` for a pull request that changes `diamond-price`, under act in host mode, with a warm npm cache.";
  tellSection("A pull request's workflow", `${about}\n\n${table}\n\n${machine()}`);
}

/** act ends a step's line with its duration, such as `[856.377208ms]` or `[1m2.5s]`. */
function stepsOf(log: string): Map<string, number> {
  const line =
    /^\[model-pr\/(\w+)[^\]]*\].*Success - Main \.\/\.mergeml\/tool\/actions\/(\w+) \[(?:(\d+)m)?([\d.]+)(ms|s)\]$/gm;
  const steps = new Map<string, number>();
  for (const [, job, action, minutes = "0", amount, unit] of log.matchAll(line))
    steps.set(`job ${job}: ${action}`, Number(minutes) * 60 + Number(amount) / (unit === "ms" ? 1_000 : 1));
  return steps;
}

function seconds(value: number | undefined): string {
  return value === undefined ? "–" : `${value.toFixed(1)} s`;
}

await main();
