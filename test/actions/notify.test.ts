import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { deploy, makeSandbox, type Sandbox } from "../registry/builders.ts";
import { type FaultyGitHub, startFaultyGitHub } from "./github/faulty-github.ts";

const main = join(import.meta.dirname, "../../actions/notify/main.ts");

/** Runs the action as the registry branch's own workflow does: verified, with nothing known of before. */
async function notify({ work, folder, env }: Sandbox, { server }: FaultyGitHub) {
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
