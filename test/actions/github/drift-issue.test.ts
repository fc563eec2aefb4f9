import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { IssueOutcome } from "../../../actions/shared/github/kept-issue.ts";
import { applyNotice, listDriftIssues } from "../../../actions/shared/github/watch-issues.ts";
import { type DriftState, decideNotice, noticeText } from "../../../pipelines/watch/notice/decide-notice.ts";
import { type FaultyGitHub, startFaultyGitHub } from "./faulty-github.ts";

interface Issue {
  number: number;
  state: string;
  state_reason: string | null;
  title: string;
  body: string;
  labels: { name: string }[];
  assignees: { login: string }[];
  user: { login: string };
}

const path = "/repos/octo/models";
let faulty: FaultyGitHub;

beforeAll(async () => {
  faulty = await startFaultyGitHub();
});
afterAll(async () => faulty[Symbol.asyncDispose]());

// Each test has a model, and so an issue, of its own.
let count = 0;
let model = "";
beforeEach(() => {
  count += 1;
  model = `model-${count}`;
});

function week(number: number, over: Partial<DriftState> = {}): DriftState {
  const to = new Date(Date.UTC(2001, 5, 7 * number)).toISOString();
  return {
    model,
    version: 2,
    persistent: "drift",
    severity: 2,
    to,
    cooldownMs: 7 * 86_400_000,
    silentSince: null,
    fed: true,
    ...over,
  };
}

/** One check of a model, as the job does it. */
async function check(state: DriftState, { owner = null as string | null } = {}): Promise<IssueOutcome> {
  const known = (await listDriftIssues(faulty.github)).get(model) ?? [];
  const decision = decideNotice(state, known);
  const report = { title: `${model} is drifting: severity ${state.severity}`, body: `Window to ${state.to}.` };
  return applyNotice(faulty.github, {
    decision,
    known,
    text: noticeText(decision, state, { report, owner }),
  });
}

async function issues(): Promise<Issue[]> {
  return faulty.server.ask("GET", `${path}/issues?state=all&labels=${model}&per_page=100`);
}

async function comments(issue: number): Promise<string[]> {
  const all = await faulty.server.ask<{ body: string }[]>("GET", `${path}/issues/${issue}/comments`);
  return all.map(({ body }) => body.replace(/^.*\n/, ""));
}

async function closedByAPerson(issue: number): Promise<void> {
  await faulty.server.ask("PATCH", `${path}/issues/${issue}`, { state: "closed" });
}

describe("the life of a drift issue", () => {
  it("is opened, kept up to date, closed when clean, and opened again after a window", async () => {
    const first = await check(week(1), { owner: "@octo" });
    const [issue] = await issues();
    expect(first).toEqual({ state: "created", issue: issue?.number });
    expect(issue).toMatchObject({
      state: "open",
      title: `${model} is drifting: severity 2`,
      labels: [{ name: "mergeml" }, { name: "drift" }, { name: model }],
      assignees: [{ login: "octo" }],
    });
    expect(issue?.body).toContain("Window to 2001-06-07T00:00:00.000Z.\n\n<sub>Owner: @octo.");

    expect(await check(week(1), { owner: "@octo" })).toMatchObject({ state: "unchanged" });
    expect(await check(week(2), { owner: "@octo" })).toMatchObject({ state: "updated" });
    expect(await check(week(3, { persistent: "undecided", severity: 0 }))).toEqual({ state: "none" });
    expect((await issues())[0]?.body).toContain("Window to 2001-06-14");
    expect(await check(week(4, { persistent: "clean", severity: 0 }))).toMatchObject({ state: "closed" });
    expect(await issues()).toMatchObject([{ state: "closed", state_reason: "completed" }]);
    expect((await issues())[0]?.body).toContain("Window to 2001-06-14");
    const number = issue?.number ?? 0;
    expect(await comments(number)).toEqual([
      `**No drift any more.** The last windows of ${model} v2, up to 2001-06-28, are clean. Should it drift anew, this issue opens again.`,
    ]);

    expect(await check(week(4.5))).toEqual({ state: "none" });
    expect(await check(week(5), { owner: "@octo" })).toMatchObject({ state: "reopened", issue: number });
    expect(await issues()).toMatchObject([{ state: "open", number }]);
    expect((await comments(number))[1]).toBe(`**${model} drifts again**, up to 2001-07-05. @octo, please have a look.`);
  });

  it("takes a close by a person for an acknowledgement until drift has grown by half", async () => {
    await check(week(1));
    const number = (await issues())[0]?.number ?? 0;
    await closedByAPerson(number);
    expect(await check(week(2, { severity: 2.9 }))).toEqual({ state: "none" });
    expect(await check(week(3, { persistent: "clean", severity: 0 }))).toEqual({ state: "none" });
    expect(await check(week(4, { severity: 3 }))).toEqual({ state: "reopened", issue: number });
    expect(await comments(number)).toEqual([
      "**The drift has grown by half** since this issue was closed: 2.0 → 3.0 times its limit, up to 2001-06-28.",
    ]);
  });

  it("closes when nothing is in production any more", async () => {
    await check(week(1));
    expect(await check(week(2, { version: null, persistent: "undecided" }))).toMatchObject({ state: "closed" });
    const number = (await issues())[0]?.number ?? 0;
    expect(await comments(number)).toEqual([`**Nothing to watch any more.** No version of ${model} is in production.`]);
  });

  it("mentions an owner who cannot be assigned, and does not try with a team", async () => {
    await check(week(1), { owner: "@nobody-here" });
    expect(await issues()).toMatchObject([{ assignees: [], state: "open" }]);
    expect((await issues())[0]?.body).toContain("Owner: @nobody-here.");
    model = `${model}-team`;
    await check(week(1), { owner: "@octo/ops" });
    expect(await issues()).toMatchObject([{ assignees: [] }]);
  });
});

describe("beside others", () => {
  it("leaves one issue and one comment of many runs at once", async () => {
    await Promise.all([1, 2, 3, 4].map(() => check(week(1))));
    const opened = (await issues()).filter(({ state }) => state === "open");
    expect(opened).toHaveLength(1);
    expect(Math.min(...(await issues()).map(({ number }) => number))).toBe(opened[0]?.number);
    await Promise.all([1, 2, 3].map(() => check(week(2))));
    await Promise.all([1, 2, 3].map(() => check(week(3, { persistent: "clean" }))));
    expect((await issues()).filter(({ state }) => state === "open")).toEqual([]);
    expect(await comments(opened[0]?.number ?? 0)).toHaveLength(1);
    await Promise.all([1, 2, 3].map(() => check(week(5))));
    expect((await issues()).filter(({ state }) => state === "open")).toMatchObject([{ number: opened[0]?.number }]);
    expect(await comments(opened[0]?.number ?? 0)).toHaveLength(2);
  });

  it("never takes a person's copy for ours, nor a pull request's label for an issue", async () => {
    await check(week(1));
    const [own] = await issues();
    const copy = { title: own?.title, body: own?.body, labels: ["mergeml", "drift", model] };
    const made = await faulty.server.ask<Issue>("POST", `${path}/issues`, copy);
    await closedByAPerson(own?.number ?? 0);
    expect(await check(week(2))).toEqual({ state: "none" });
    expect(await check(week(3, { persistent: "clean" }))).toEqual({ state: "none" });
    expect((await issues()).find(({ number }) => number === made.number)).toMatchObject({ state: "open" });
  });

  it("finds its issue beyond the first page", async () => {
    await check(week(1));
    const own = model;
    for (let other = 0; other < 101; other += 1)
      await faulty.server.ask("POST", `${path}/issues`, {
        title: "x",
        body: "y",
        labels: ["mergeml", "drift", "other"],
      });
    model = own;
    expect(await check(week(2))).toMatchObject({ state: "updated" });
    expect(await issues()).toHaveLength(1);
  });
});

describe("with faults", () => {
  it.each([
    ["before it was done", "before" as const],
    ["after it was done", "after" as const],
  ])("makes one issue when the connection is lost %s", async (_title, when) => {
    faulty.server.fail({ method: "POST", path: /\/issues$/, when });
    expect(await check(week(1))).toMatchObject({ state: "created" });
    expect(await issues()).toHaveLength(1);
  });

  it("finishes what a run that died left behind, and says nothing twice", async () => {
    await check(week(1));
    faulty.server.fail({ method: "PATCH", path: /\/issues\/\d+$/, times: 3, status: 500 });
    await expect(check(week(2, { persistent: "clean" }))).rejects.toThrow("GitHub's API answered 500");
    expect(await issues()).toMatchObject([{ state: "open" }]);
    expect(await check(week(2, { persistent: "clean" }))).toMatchObject({ state: "closed" });
    expect(await comments((await issues())[0]?.number ?? 0)).toHaveLength(1);
  });

  it.each([403, 404, 410])("says that issues are off when GitHub answers %i", async (status) => {
    faulty.server.fail({ method: "POST", path: /\/issues$/, times: 1, status, message: "Resource not accessible" });
    expect(await check(week(1))).toEqual({ state: "off" });
  });

  it("cuts what GitHub would not take", async () => {
    const state = week(1);
    const report = { title: "t".repeat(300), body: "A line of a report.\n".repeat(5_000) };
    const decision = decideNotice(state, []);
    await applyNotice(faulty.github, {
      decision,
      known: [],
      text: noticeText(decision, state, { report, owner: null }),
    });
    const [issue] = await issues();
    expect(issue?.title).toHaveLength(256);
    expect(issue?.body.length).toBeLessThanOrEqual(65_536);
    expect(issue?.body).toMatch(/A line of a report\.\n\n\*\*Cut here, because an issue has a limit\.\*\*$/);
  });
});
