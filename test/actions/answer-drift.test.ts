import { afterAll, beforeAll, expect, it } from "vitest";
import { answerModel, type ModelAnswer } from "../../actions/drift/answer-model.ts";
import { listDriftIssues } from "../../actions/shared/github/watch-issues.ts";
import { openRetrainSetting } from "../../pipelines/open-retrain.ts";
import { openWorkspace } from "../../pipelines/open-workspace.ts";
import { silentLog } from "../../pipelines/ports/host.ts";
import type { DriftEntry, ModelDrift } from "../../pipelines/watch/drift/model-drift.ts";
import { modelsAtCommit } from "../../pipelines/workspace/workspace.ts";
import type { Scratch } from "../scratch.ts";
import { drifting, driftResult, failedDrift, modelDrift } from "../watch/drift/results.ts";
import { deployedDelays } from "../watch/retrain/delays.ts";
import { type FaultyGitHub, startFaultyGitHub } from "./github/faulty-github.ts";

const path = "/repos/octo/models";
const branch = "mergeml/retrain/delays";
let scratch: Scratch;
let faulty: FaultyGitHub;
let runs = 0;

beforeAll(async () => {
  [scratch, faulty] = await Promise.all([deployedDelays(), startFaultyGitHub()]);
});
afterAll(async () => {
  scratch[Symbol.dispose]();
  await faulty[Symbol.asyncDispose]();
});

/** One run's answer to what its check found in the week before `to`, in a clone of its own as on a runner. */
async function answer(to: string, entry: DriftEntry): Promise<ModelAnswer> {
  runs += 1;
  const now = new Date(Date.parse(`${to}T06:00:00Z`) + runs * 1_000);
  const env = { ...scratch.env, GIT_COMMITTER_NAME: "robot", GIT_COMMITTER_EMAIL: "robot@example.org" };
  const options = { directory: scratch.root, env, clock: { now: () => now }, log: silentLog, useCache: false };
  const workspace = await openWorkspace(options);
  const setting = await openRetrainSetting(workspace);
  const issues = (await listDriftIssues(faulty.github)).get("delays") ?? [];
  const { models } = await modelsAtCommit(workspace, setting.tip, ["delays"]);
  const production = (await setting.snapshot.production("delays"))?.version ?? null;
  const question = { model: "delays", production, config: models[0] ?? null, entry, issues, rollbackIssues: [], now };
  return answerModel({ workspace, github: faulty.github, setting }, question);
}

/** What a check found: the prediction moved by so many times its limit. */
function found(to: string, times: number, over: Partial<ModelDrift> = {}): ModelDrift {
  const effect = { name: "wasserstein" as const, value: times / 10, limit: 0.1, p: 1e-9, exceeds: true };
  const moved = {
    predictions: [drifting({ name: "prediction", effects: [effect] })],
    because: ["prediction" as const],
  };
  const result = times > 0 ? driftResult({ outcome: "drift", ...moved }) : driftResult();
  const end = new Date(`${to}T00:00:00Z`);
  const window = { from: new Date(end.getTime() - 7 * 86_400_000).toISOString(), to: end.toISOString() };
  const persistent = times > 0 ? "drift" : "clean";
  return modelDrift({ model: "delays", version: 1, owner: "@octo", window, result, persistent, ...over });
}

interface Issue {
  number: number;
  state: string;
  title: string;
  body: string;
}
const issues = () => faulty.server.ask<Issue[]>("GET", `${path}/issues?state=all&labels=delays`);
const pulls = () => faulty.server.ask<Issue[]>("GET", `${path}/pulls?state=all`);
const remote = (ref: string) => scratch.git("ls-remote", "origin", ref).split("\t")[0] ?? "";

it("goes from a drift to an issue and a retrain, through two runs at once, edits, and to the end", async () => {
  // Two runs at once end with one branch, one pull request and one issue that links to it.
  const both = await Promise.all([1, 2].map(() => answer("2001-06-04", found("2001-06-04", 3))));
  const [pull] = await pulls();
  expect((await pulls()).filter(({ state }) => state === "open")).toHaveLength(1);
  expect(both.map(({ retrain }) => retrain.state).sort()).toEqual(["none", "open"]);
  expect((await issues()).filter(({ state }) => state === "open")).toHaveLength(1);
  expect(scratch.git("diff", "--stat", "main", remote(branch))).toContain(
    "1 file changed, 1 insertion(+), 1 deletion(-)",
  );
  expect(await answer("2001-06-04", found("2001-06-04", 3))).toMatchObject({
    retrain: { state: "open", pull: pull?.number, end: "2001-06-04", check: "known" },
  });
  const [issue] = (await issues()).filter(({ state }) => state === "open");
  expect(issue?.body).toContain(
    `1. **Merge the retrain pull request #${pull?.number}**, which trains it on data up to 2001-06-04`,
  );
  expect(faulty.server.added.workflowDispatches).toEqual([
    { workflow: "model-pr.yml", ref: branch, inputs: { "pull-request": `${pull?.number}` } },
  ]);

  // A day later nothing moves but the text; a week later the window does.
  const first = remote(branch);
  await answer("2001-06-05", found("2001-06-05", 4));
  expect(remote(branch)).toBe(first);
  expect(await answer("2001-06-11", found("2001-06-11", 4))).toMatchObject({
    retrain: { state: "open", pull: pull?.number, end: "2001-06-11", check: "asked for" },
  });
  expect(scratch.git("show", `${remote(branch)}:models/delays/model.yaml`)).toContain("end: 2001-06-11 }  # moved by");

  // A check that failed changes nothing.
  const before = [remote(branch), ...(await pulls()), ...(await issues())];
  expect(await answer("2001-06-12", failedDrift("delays"))).toMatchObject({
    issue: { state: "none" },
    reason: "not checked",
    retrain: { state: "none", reason: "the drift check failed" },
  });
  // Nor does one of a version that is not in production any more.
  const other = await answer("2001-06-12", found("2001-06-12", 4, { version: 9 }));
  expect(other).toMatchObject({ issue: { state: "none" }, reason: "v1 came into production meanwhile" });
  expect([remote(branch), ...(await pulls()), ...(await issues())]).toEqual(before);

  // What a person commits to the branch stays, whatever comes.
  const person = scratch.clone("person", branch);
  person("commit", "-q", "--allow-empty", "-m", "Mine");
  person("push", "-q", "origin", `HEAD:${branch}`);
  const edited = remote(branch);
  const left = { state: "none", reason: `people have committed to the branch: it is left to them (#${pull?.number})` };
  expect(await answer("2001-06-25", found("2001-06-25", 9))).toMatchObject({ retrain: left });
  expect(await answer("2001-07-02", found("2001-07-02", 0))).toMatchObject({
    retrain: left,
    issue: { state: "closed", issue: issue?.number },
  });
  expect(remote(branch)).toBe(edited);
  expect(await pulls()).toMatchObject([{ state: "open" }]);
});

it("takes back its own pull request when the drift is gone, and finishes what a lost run began", async () => {
  scratch.git("push", "-q", "origin", `:${branch}`);
  for (const { number } of await pulls())
    await faulty.server.ask("PATCH", `${path}/pulls/${number}`, { state: "closed" });
  faulty.server.fail({ method: "POST", path: /\/pulls$/, status: 500, times: 3 });
  await expect(answer("2001-08-06", found("2001-08-06", 20))).rejects.toThrow("GitHub's API answered 500");
  const pushed = remote(branch);
  expect(pushed).not.toBe("");
  const done = await answer("2001-08-06", found("2001-08-06", 20));
  expect(done).toMatchObject({ retrain: { state: "open", check: "asked for" }, issue: { state: "reopened" } });
  expect(remote(branch)).toBe(pushed);
  expect(await answer("2001-08-13", found("2001-08-13", 0))).toMatchObject({
    retrain: { state: "closed", reason: "there is no drift any more" },
    issue: { state: "closed" },
  });
  expect(remote(branch)).toBe("");
  expect((await pulls()).filter(({ state }) => state === "open")).toEqual([]);
});

it("says where the branch is when workflows may not open pull requests", async () => {
  const message = "GitHub Actions is not permitted to create or approve pull requests.";
  faulty.server.fail({ method: "POST", path: /\/pulls$/, status: 403, message });
  const told = await answer("2001-09-03", found("2001-09-03", 40));
  expect(told.retrain).toEqual({ state: "branch only", branch, end: "2001-09-03" });
  const [open] = (await issues()).filter(({ state }) => state === "open");
  expect(open?.body).toContain(
    "[open the pull request](https://github.example.org/octo/models/compare/mergeml/retrain/delays?expand=1)",
  );
});

it("closes the issue of a model that was taken out of production", async () => {
  await scratch.facts(["rollback", "delays"]);
  expect(await answer("2001-09-10", found("2001-09-10", 40))).toMatchObject({
    production: null,
    issue: { state: "closed" },
    retrain: { state: "none", reason: "nothing is in production" },
  });
});
