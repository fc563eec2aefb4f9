import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { answerModel, type ModelAnswer } from "../../actions/drift/answer-model.ts";
import { driftSummary } from "../../actions/drift/answer-models.ts";
import { listDriftIssues, listRollbackIssues } from "../../actions/shared/github/watch-issues.ts";
import { openRetrainSetting } from "../../pipelines/open-retrain.ts";
import type { ModelDrift } from "../../pipelines/watch/drift/model-drift.ts";
import { modelsAtCommit } from "../../pipelines/workspace/workspace.ts";
import type { Scratch } from "../scratch.ts";
import { modelDrift } from "../watch/drift/results.ts";
import { checkedAt, deployAt, deployedPumps, openAt } from "../watch/promotion/pumps.ts";
import { type FaultyGitHub, startFaultyGitHub } from "./github/faulty-github.ts";

const path = "/repos/octo/models";
const when = "{ when: { worse_than_previous: true } }";
let scratch: Scratch;
let faulty: FaultyGitHub;
let runs = 0;

beforeAll(async () => {
  scratch = await deployedPumps(when);
});
beforeEach(async () => {
  faulty = await startFaultyGitHub();
});
afterAll(() => scratch[Symbol.dispose]());

/** One run's answer to what its check found. */
async function answer(time: string, entry: ModelDrift): Promise<ModelAnswer> {
  runs += 1;
  const workspace = await openAt(scratch, new Date(Date.parse(time) + runs * 1_000).toISOString());
  const { github } = faulty;
  const setting = await openRetrainSetting(workspace);
  const { models } = await modelsAtCommit(workspace, setting.tip, ["pump"]);
  const question = {
    model: "pump",
    production: (await setting.snapshot.production("pump"))?.version ?? null,
    config: models[0] ?? null,
    entry,
    issues: (await listDriftIssues(github)).get("pump") ?? [],
    rollbackIssues: (await listRollbackIssues(github)).get("pump") ?? [],
    now: new Date(time),
  };
  return answerModel({ workspace, github, setting }, question);
}

interface Issue {
  number: number;
  state: string;
  title: string;
  body: string;
  labels: { name: string }[];
  assignees: { login: string }[];
}
const issues = () => faulty.server.ask<Issue[]>("GET", `${path}/issues?state=all&labels=rollback`);
const comments = (issue: number) => faulty.server.ask<{ body: string }[]>("GET", `${path}/issues/${issue}/comments`);
const production = async () =>
  (await (await (await openAt(scratch, "2001-05-01")).registry.snapshot()).production("pump"))?.version;
const commits = () => Number(scratch.git("rev-list", "--count", "origin/registry"));

it("takes a promotion back once, tells it in one issue, and leaves what came back to people", async () => {
  const week = "2001-04-16T06:00:00Z";
  const found = await checkedAt(scratch, week);
  expect(found.rollback?.decision).toMatchObject({ action: "roll back", from: 2, to: 1 });
  const before = commits();

  // Two runs at once end with one revert and one issue.
  const both = await Promise.all([answer(week, found), answer(week, found)]);
  scratch.git("fetch", "-q");
  expect(commits()).toBe(before + 1);
  expect(both.filter(({ rollback }) => rollback.done !== null)).toHaveLength(1);
  expect(both.map(({ production: now }) => now)).toEqual([1, 1]);
  const [winner] = both.filter(({ rollback }) => rollback.done !== null);
  expect(winner).toMatchObject({
    rollback: { done: { from: 2, to: 1 }, automatic: true, why: "v2 breaks worse_than_previous; v1 was there before" },
    // The drift of what was rolled back is no news, and no reason to train again.
    issue: { state: "none" },
    reason: "v2 was rolled back",
    retrain: { state: "none", reason: "v2 was rolled back" },
  });
  expect(found).toMatchObject({ outcome: "drift", persistent: "drift" });
  expect(await faulty.server.ask("GET", `${path}/pulls?state=all`)).toEqual([]);
  expect(driftSummary([winner!])).toContain("| v2 → v1, #");
  const open = (await issues()).filter(({ state }) => state === "open");
  expect(open).toMatchObject([{ title: "pump v2 was rolled back to v1" }]);
  expect(open[0]?.labels.map(({ name }) => name)).toEqual(["mergeml", "rollback", "pump"]);
  expect(open[0]?.assignees.map(({ login }) => login)).toEqual(["octo"]);
  expect(open[0]?.body).toMatch(
    /^<!-- mergeml:rollback \{"model":"pump","version":2,"event":"rolled back","closed":null\} -->\n/,
  );
  expect(open[0]?.body).toMatch(
    /What live data said: rmse is [\d.]+ on 156 labelled rows, v1's is [\d.]+ on the same: worse by/,
  );
  expect(open[0]?.body).toContain("`mergeml promote pump --to 2`");
  expect(scratch.git("log", "-1", "--format=%B", "origin/registry")).toContain("Automatic: rollback.when");

  // The next days' runs find v1, write nothing anew, and say the same.
  const later = await checkedAt(scratch, "2001-04-24T06:00:00Z");
  expect(later).toMatchObject({ version: 1, rollback: { decision: { action: "nothing" } } });
  const told = await answer("2001-04-24T06:00:00Z", later);
  expect(told.rollback).toMatchObject({ done: null, automatic: true, issues: [{ state: "unchanged" }] });
  // Evidence of v2 that came late is not held against v1.
  expect((await answer("2001-04-24T07:00:00Z", found)).rollback).toMatchObject({
    done: null,
    why: expect.stringContaining("production of pump has changed since v2 was judged: v1 is there"),
  });
  expect(await production()).toBe(1);

  // A person puts v2 back: that closes the issue, and the next bad week opens one that says why it stays.
  await (await openAt(scratch, "2001-04-24T08:00:00Z")).registry.promote("pump", 2);
  const bad = await checkedAt(scratch, "2001-05-02T06:00:00Z");
  expect(bad.rollback?.decision).toMatchObject({ action: "held" });
  const held = await answer("2001-05-02T06:00:00Z", bad);
  expect(held.rollback).toMatchObject({
    done: null,
    automatic: false,
    issues: [{ state: "updated", issue: open[0]?.number }],
  });
  const [stays] = (await issues()).filter(({ state }) => state === "open");
  expect(stays).toMatchObject({ number: open[0]?.number, title: "pump v2 breaks its limits and stays in production" });
  expect(stays?.body).toContain("put it back on purpose after it had been in production before");
  expect(stays?.body).toContain("- **broken**: rmse is");
  expect(await production()).toBe(2);

  // A person who closes it knows; another version that is promoted ends it.
  await faulty.server.ask("PATCH", `${path}/issues/${stays?.number}`, { state: "closed" });
  expect((await answer("2001-05-02T07:00:00Z", bad)).rollback.issues).toEqual([]);
  await faulty.server.ask("PATCH", `${path}/issues/${stays?.number}`, { state: "open" });
  await deployAt(scratch, "2001-05-02T08:00:00Z", "load, sensor, wear - sensor AS gap");
  const replaced = await checkedAt(scratch, "2001-05-10T06:00:00Z");
  expect(replaced).toMatchObject({ version: 3, rollback: { decision: { action: "nothing", sound: true } } });
  const over = await answer("2001-05-10T06:00:00Z", replaced);
  expect(over.rollback).toMatchObject({ issues: [{ state: "closed", issue: stays?.number }] });
  expect((await comments(stays!.number)).at(-1)?.body).toContain("**Over:** v3 is in production, by ");
});

it("is told by a later run when the run that wrote it died, and not when issues are switched off", async () => {
  const workspace = await openAt(scratch, "2001-05-11T06:00:00Z");
  const [{ commit: promotion } = { commit: "" }] = (await workspace.registry.history("pump")).filter(
    ({ action, to }) => action === "promote" && to === 3,
  );
  await workspace.registry.rollbackPromotion("pump", { promotion, reason: "7% of 900 requests failed (limit 5%)" });
  const entry = modelDrift({ model: "pump", version: 2, owner: "@octo" });
  faulty.server.fail({ method: "POST", path: /\/issues$/, status: 410, message: "Issues are disabled for this repo" });
  expect((await answer("2001-05-12T06:00:00Z", entry)).rollback).toMatchObject({
    automatic: true,
    issues: [{ state: "off" }],
  });
  expect((await answer("2001-05-12T07:00:00Z", entry)).rollback).toMatchObject({ issues: [{ state: "created" }] });
  const [issue] = await issues();
  expect(issue?.title).toBe("pump v3 was rolled back to v2");
  expect(issue?.body).toContain("What live data said: 7% of 900 requests failed (limit 5%).");
});
