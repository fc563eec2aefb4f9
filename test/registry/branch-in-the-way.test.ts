import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { silentLog } from "../../pipelines/ports/host.ts";
import { openGit } from "../../pipelines/registry/git/git.ts";
import { pushRuns } from "../../pipelines/run-log/push-runs.ts";
import { openRunLog } from "../../pipelines/run-log/run-log.ts";
import { queueFolder, queueRun } from "../../pipelines/run-log/run-queue.ts";
import { writeRetrainBranch } from "../../pipelines/watch/retrain/retrain-branch.ts";
import { makeRun } from "../run-log/builders.ts";
import { makeSandbox, type Sandbox, ticking } from "./builders.ts";

/** The message that a failing push must have; also checked: nothing but the branch in the way is on the remote. */
async function inTheWay(sandbox: Sandbox, branch: string, push: () => Promise<unknown>): Promise<unknown> {
  sandbox.plain(["push", "-q", "origin", `main:refs/heads/${branch}`]);
  const error = await push().then(
    () => null,
    (caught: unknown) => caught,
  );
  expect(sandbox.plain(["for-each-ref", "--format=%(refname:short)"], sandbox.origin)).toBe(branch);
  return error;
}

const told = (branch: string, name: string) => ({
  kind: "in-the-way",
  message: expect.stringMatching(
    `^the branch ${branch} on origin is in the way of ${name}: git keeps a name either as a branch or as a folder of branches\ndelete it .* rename it: git fetch origin ${branch} && git push origin FETCH_HEAD:refs/heads/old-`,
  ),
});

describe("a branch in the way is named, with what to do", () => {
  it.each(["registry/old", "registry/a/b"])("%s of the registry", async (branch) => {
    using sandbox = makeSandbox();
    expect(await inTheWay(sandbox, branch, () => sandbox.registry.init())).toMatchObject(told(branch, "registry"));
    const rename = ["push", "-q", "origin", `main:refs/heads/old`, `:${branch}`];
    sandbox.plain(rename);
    expect(await sandbox.registry.init()).toMatchObject({ created: true });
  });

  it("of a registry on a local branch", async () => {
    using sandbox = makeSandbox({ remote: false });
    sandbox.plain(["branch", "registry/old"]);
    await expect(sandbox.registry.init()).rejects.toThrow(
      "the branch registry/old of this repository is in the way of registry: git keeps a name either as a branch or as a folder of branches\ndelete it if nobody needs it, or rename it: git branch -m registry/old old-registry-old",
    );
  });

  it("of the run log, whose runs then wait", async () => {
    using sandbox = makeSandbox();
    await queueRun(sandbox.work, makeRun());
    const clock = { now: () => new Date() };
    const pusher = { git: sandbox.git, remote: "origin", clock, log: silentLog, random: () => 0 };
    const push = () => pushRuns(pusher, [queueFolder(sandbox.work)]);
    expect(await inTheWay(sandbox, "mergeml", push)).toMatchObject(told("mergeml", "mergeml/runs"));
    expect(readdirSync(queueFolder(sandbox.work))).toHaveLength(1);
    sandbox.plain(["push", "-q", "origin", ":mergeml"]);
    // What this clone still has of it is in nobody's way.
    expect(sandbox.plain(["for-each-ref", "refs/remotes/origin/mergeml"])).toBe("");
    sandbox.plain(["update-ref", "refs/remotes/origin/mergeml", "main"]);
    expect(await push()).toMatchObject({ pushed: 1 });
    expect(await push()).toMatchObject({ pushed: 0 });
  });

  it.each([
    { title: "on a laptop", env: {}, says: "It waits in .mergeml/runs for the next push: mergeml runs --push" },
    {
      title: "in a job",
      env: { CI: "true" },
      says: "It is in .mergeml/runs, and lost with this job unless that is kept",
    },
  ])("of the run log: a warning that says where the run is, $title", async ({ env, says }) => {
    using sandbox = makeSandbox();
    sandbox.plain(["push", "-q", "origin", "main:refs/heads/mergeml"]);
    const warnings: string[] = [];
    const log = { ...silentLog, warn: (message: string) => warnings.push(message) };
    const options = {
      root: sandbox.work,
      git: sandbox.git,
      env: { ...sandbox.env, ...env },
      remote: "origin",
      clock: ticking(),
      log,
    };
    const { candidate } = (await import("./builders.ts")).buildCandidate({ tag: "a", rmse: 500 });
    await openRunLog(options).addFailure(candidate.config, sandbox.work, new Error("it broke"), "run");
    expect(warnings).toEqual([expect.stringMatching(/the branch mergeml on origin is in the way of mergeml\/runs/)]);
    expect(warnings[0]).toContain(says);
    expect(existsSync(join(sandbox.work, ".mergeml/runs"))).toBe(true);
  });

  it("of a retrain", async () => {
    using sandbox = makeSandbox();
    const { work, env, plain } = sandbox;
    const git = openGit(work, { env });
    const plan = {
      ...{ remote: "origin", model: "rent", base: plain(["rev-parse", "main"]), modelYaml: "name: rent\n" },
      ...{ subject: "Retrain", body: "It drifts.", time: new Date(), expected: null },
    };
    const error = await inTheWay(sandbox, "mergeml", () => writeRetrainBranch(git, plan));
    expect(error).toMatchObject(told("mergeml", "mergeml/retrain/rent"));
  });
});
