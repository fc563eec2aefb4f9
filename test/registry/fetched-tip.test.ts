import { expect, it } from "vitest";
import { silentLog } from "../../pipelines/ports/host.ts";
import { openGit } from "../../pipelines/registry/git/git.ts";
import { openRegistry, type Registry } from "../../pipelines/registry/registry.ts";
import { pushRuns } from "../../pipelines/run-log/push-runs.ts";
import { queueFolder, queueRun } from "../../pipelines/run-log/run-queue.ts";
import { makeRun } from "../run-log/builders.ts";
import { deploy, makeSandbox, type Sandbox, ticking } from "./builders.ts";
import { watchGit } from "./git/watched-git.ts";

function open({ work, store }: Sandbox, env: Sandbox["env"]) {
  const git = openGit(work, { env });
  const registry = openRegistry({ git, store, branch: "registry", clock: ticking(), log: silentLog, random: () => 0 });
  return { git, registry };
}

const versionsOf = async (registry: Registry) => (await registry.snapshot()).versions("rent");

it("a deploy and its run are written by thirteen git commands", async () => {
  using sandbox = makeSandbox();
  await sandbox.registry.init();
  await queueRun(sandbox.work, makeRun());
  const { env, started } = watchGit(sandbox.folder, sandbox.env, undefined, "");
  const { git, registry } = open(sandbox, env);
  await registry.snapshot({ fetch: true });
  await deploy(registry, { tag: "a", rmse: 500 });
  const pusher = { git, remote: "origin", clock: ticking(), log: silentLog };
  expect(await pushRuns(pusher, [queueFolder(sandbox.work)])).toMatchObject({ pushed: 1 });
  await git[Symbol.asyncDispose]();
  expect(started().length).toBeLessThanOrEqual(13);
});

it("a write on what was fetched meets what others wrote since", async () => {
  using sandbox = makeSandbox();
  await sandbox.registry.init();
  await deploy(sandbox.registry, { tag: "a", rmse: 500 });
  const { registry } = open(sandbox, sandbox.env);
  await registry.snapshot({ fetch: true });
  await deploy(sandbox.registry, { tag: "b", rmse: 400 });
  await expect(registry.promote("rent", 2)).resolves.toMatchObject({ from: 2, commit: null });
  await registry.snapshot({ fetch: true });
  await sandbox.registry.rollback("rent");
  // It was in production when it was fetched, and is not now.
  await expect(registry.promote("rent", 2)).resolves.toMatchObject({ from: 1, to: 2 });
  expect(await versionsOf(registry)).toEqual([1, 2]);
});

it("a branch that was deleted, or cut back, since it was fetched does not come back", async () => {
  using sandbox = makeSandbox();
  const { plain, origin } = sandbox;
  await sandbox.registry.init();
  const first = sandbox.tip();
  await deploy(sandbox.registry, { tag: "a", rmse: 500 });
  const { registry } = open(sandbox, sandbox.env);
  await registry.snapshot({ fetch: true });
  plain(["update-ref", "refs/heads/registry", first], origin);
  await expect(registry.promote("rent", 1)).rejects.toThrow("there is no rent@1");
  expect(sandbox.tip()).toBe(first);
  await registry.snapshot({ fetch: true });
  plain(["update-ref", "-d", "refs/heads/registry"], origin);
  await expect(deploy(registry, { tag: "b", rmse: 400 })).rejects.toThrow("there is no branch registry on origin");
});
