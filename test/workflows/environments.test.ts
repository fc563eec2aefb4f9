import { expect, it } from "vitest";
import { delaysCsv, delaysSql, delaysYaml } from "../watch/retrain/delays.ts";
import { makeTemplateRepository, type TestRepository } from "./repository.ts";

/** What a version did in an environment is later than its promotion there. */
const dateOf = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);

const soaking = delaysYaml
  .replace(/^drift: .*$/m, "drift: { window: 1d, min_rows: 50, persist: 1 of 1 }")
  .concat("promote: { when: { clean_windows: 2, approval: true } }\n");

/** The template with one small model and two environments; nothing is deployed. */
async function stagedRepository(): Promise<TestRepository> {
  const repository = await makeTemplateRepository();
  const { git, write, mergeml } = repository;
  git("rm", "-rq", "models/diamond-price");
  write("mergeml.yaml", "environments: [staging, production]\n");
  write("models/delays/model.yaml", soaking);
  write("models/delays/features.sql", delaysSql);
  write("data/delays.csv", delaysCsv());
  git("add", ".");
  git("commit", "-qm", "Add a model");
  git("push", "-q", "origin", "main");
  mergeml("init");
  return repository;
}

/** Two days of requests like those that the model was trained on. */
function logTwoDays({ mergeml, write, git }: TestRepository): void {
  const rows = Array.from({ length: 303 }, (_, i) => `${i},${(i * 37) % 101},${i % 7}`);
  write("requests.csv", ["id,distance,weekday", ...rows, ""].join("\n"));
  for (const days of [1, 2]) {
    const log = ["--environment", "staging", "--log", "--now", `${dateOf(days)}T12:00:00Z`];
    mergeml("predict", "delays", "--input", "requests.csv", "--output", "scored.csv", "--force", ...log);
  }
  git("add", "-f", "predictions");
  git("commit", "-qm", "Log what staging predicted");
  git("push", "-q", "origin", "main");
}

it("goes from the merge to staging, after two clean windows to production, and back", async () => {
  await using repository = await stagedRepository();
  const { github, git, run, mergeml } = repository;
  const running = () => {
    const [model] = (JSON.parse(mergeml("status", "--json")) as Status).models;
    return [model?.environments.staging ?? null, model?.production ?? null];
  };
  const deployed = await run("push", ".github/workflows/model-deploy.yml", { after: git("rev-parse", "HEAD").trim() });
  expect(deployed.code, deployed.log).toBe(0);
  expect(running()).toEqual([1, null]);

  logTwoDays(repository);
  const inputs = { models: "", environment: "", now: dateOf(3) };
  const promoted = await run("workflow_dispatch", ".github/workflows/model-promote.yml", { inputs });
  expect(promoted.code, promoted.log).toBe(0);
  expect(promoted.log).toContain("delays: v1 goes on to production: 2 of 2 clean windows of 1d since");
  expect(running()).toEqual([1, 1]);

  const back = { model: "delays", to: "", environment: "production" };
  const rolledBack = await run("workflow_dispatch", ".github/workflows/rollback.yml", { inputs: back });
  expect(rolledBack.code, rolledBack.log).toBe(0);
  expect(running()).toEqual([1, null]);
  const deployments = await github.ask<{ environment: string; payload: object }[]>(
    "GET",
    "/repos/octo/models/deployments",
  );
  expect(deployments.map(({ environment, payload }) => [environment, payload])).toEqual([
    ["production/delays", expect.objectContaining({ version: 1 })],
    ["staging/delays", expect.objectContaining({ version: 1 })],
  ]);
});

interface Status {
  models: { production: number | null; environments: Record<string, number | null> }[];
}
