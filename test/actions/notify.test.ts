import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { deploy, makeSandbox, type Sandbox } from "../registry/builders.ts";
import { type FaultyGitHub, startFaultyGitHub } from "./github/faulty-github.ts";

const main = join(import.meta.dirname, "../../actions/notify/main.ts");

/** Runs the action as the registry branch's own workflow does: verified, with nothing known of before. */
async function notify({ work, folder, env }: Sandbox, { server }: FaultyGitHub, given: Record<string, string> = {}) {
  const [output, summary] = [join(folder, "output"), join(folder, "summary")];
  for (const file of [output, summary]) writeFileSync(file, "");
  const variables = {
    ...env,
    GITHUB_WORKSPACE: work,
    GITHUB_OUTPUT: output,
    GITHUB_STEP_SUMMARY: summary,
    GITHUB_API_URL: server.url,
    GITHUB_SERVER_URL: "https://github.example.org",
    GITHUB_REPOSITORY: "octo/models",
    INPUT_TOKEN: server.token,
    INPUT_VERIFY: "true",
    ...given,
  };
  const run = promisify(execFile)(process.execPath, [main], { env: variables as NodeJS.ProcessEnv, timeout: 120_000 });
  const { code, stdout } = await run.then(
    (done) => ({ code: 0, stdout: done.stdout }),
    (error: { code: number; stdout: string }) => error,
  );
  return { code, stdout, output: readFileSync(output, "utf8"), summary: readFileSync(summary, "utf8") };
}

it("tells what is in production though the branch is damaged, and is red", async () => {
  using sandbox = makeSandbox();
  await using faulty = await startFaultyGitHub();
  const { registry, plain } = sandbox;
  await registry.init();
  for (const model of ["damaged", "rent", "zebra"]) await deploy(registry, { model, tag: "a", rmse: 500 });
  const checkout = sandbox.checkout();
  writeFileSync(join(checkout, "models/damaged/production.json"), "{}\n");
  writeFileSync(join(checkout, "notes.txt"), "hello\n");
  plain(["add", "--all"], checkout);
  plain(["commit", "-qm", "Look at this"], checkout);
  plain(["push", "-q"], checkout);

  const told = await notify(sandbox, faulty);
  expect(told.code).toBe(1);
  expect(told.stdout).toContain('adds "notes.txt", which is nothing a registry has');
  expect(told.stdout).toContain("models/damaged/production.json on the registry branch names no version");
  const { deployments, dispatches } = faulty.server.added;
  expect(deployments.map(({ environment }) => environment).sort()).toEqual(["production/rent", "production/zebra"]);
  expect(dispatches.map(({ client_payload }) => client_payload)).toEqual([
    expect.objectContaining({ model: "rent", version: 1 }),
    expect.objectContaining({ model: "zebra", version: 1 }),
  ]);
  expect(told.summary).toContain("- damaged: what is in production cannot be read");
  expect(told.summary).toContain("- zebra: v1 in production");
});

it("verifies what came after the last commit that a run of the branch found sound today", async () => {
  using sandbox = makeSandbox();
  await using faulty = await startFaultyGitHub();
  const { registry } = sandbox;
  await registry.init();
  await deploy(registry, { tag: "a", rmse: 500 });
  const sound = sandbox.tip();
  await deploy(registry, { tag: "b", rmse: 400 });
  const push = {
    GITHUB_EVENT_NAME: "push",
    GITHUB_WORKFLOW_REF: "octo/models/.github/workflows/registry.yml@refs/heads/registry",
  };
  const now = new Date().toISOString();
  const run = { headSha: sound, event: "push", branch: "registry", created: now };
  // A fork's pull request from a branch of that name, what is not on the branch, and a run of another day, count for nothing.
  faulty.server.added.runs.push({ ...run, id: 1, event: "pull_request" });
  faulty.server.added.runs.push({ ...run, id: 2, headSha: "f".repeat(40) });
  faulty.server.added.runs.push({ ...run, id: 3, created: "2026-01-01T00:00:00Z" });
  expect((await notify(sandbox, faulty, push)).stdout).toContain("verified: the whole branch");
  faulty.server.added.runs.push({ ...run, id: 4 });
  expect((await notify(sandbox, faulty, push)).stdout).toContain(`verified: what came after ${sound.slice(0, 10)}`);
  expect((await notify(sandbox, faulty)).stdout).toContain("verified: the whole branch");
});
