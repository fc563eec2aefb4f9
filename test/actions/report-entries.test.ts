import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Action } from "../../actions/shared/action.ts";
import { planArtifact, planFile, trainingArtifact } from "../../actions/shared/bundles.ts";
import { collectEntries } from "../../actions/shared/report-entries.ts";
import { type ReportSubject, subjectOfPlan } from "../../actions/shared/report-subject.ts";
import { bundleFile, type ReportEntry } from "../../pipelines/handover/training-outcome.ts";
import { openWorkspace } from "../../pipelines/open-workspace.ts";
import { silentLog, systemClock } from "../../pipelines/ports/host.ts";
import { deployed, featuresSql, modelYaml, type Scratch } from "../scratch.ts";

let scratch: Scratch;
/** The test merge of a pull request that changes rent, and its head; main has moved on since. */
let [merge, head] = ["", ""];
let checkout: string;

beforeAll(async () => {
  scratch = await deployed();
  const { git, write } = scratch;
  git("switch", "-qc", "theirs");
  write("models/rent/model.yaml", modelYaml({ params: "{ trees: 30, max_leaves: 8 }" }));
  git("commit", "-qam", "Grow more trees");
  head = git("rev-parse", "HEAD").trim();
  // A model that waits to be deployed, but is none of the pull request's business.
  git("switch", "-q", "main");
  write("models/price/model.yaml", modelYaml({ name: "price" }));
  write("models/price/features.sql", featuresSql);
  git("add", ".");
  git("commit", "-qm", "Add price");
  git("switch", "-q", "--detach");
  git("merge", "-q", "--no-ff", "-m", "Merge", "theirs");
  merge = git("rev-parse", "HEAD").trim();
  git("push", "-q", "origin", "main", "HEAD:refs/pull/1/merge", "theirs:refs/pull/1/head");
  git("switch", "-q", "main");
  // The report's job has the base branch alone, without its past.
  checkout = join(scratch.folder, "checkout");
  git("clone", "-q", "--depth=1", "--branch=main", `file://${join(scratch.folder, "origin.git")}`, checkout);
});

afterAll(() => scratch[Symbol.dispose]());

const entry = (state: string, version: number | null = null) => ({
  ...{ model: "rent", state, production: 1, version },
  detail: "params.trees 10 → 30",
});

/** What is reported of a plan that a pull request's job uploaded, and of the models' bundles. */
function reported(
  changes: object,
  known: Partial<ReportSubject> = {},
  bundles: Readonly<Record<string, string>> = {},
): Promise<ReportEntry[]> {
  const folder = join(scratch.folder, "plan");
  mkdirSync(folder, { recursive: true });
  const plan = { format: 1, pullRequest: 1, headSha: head, commit: merge, entries: [], problems: [], ...changes };
  writeFileSync(join(folder, planFile), JSON.stringify(plan));
  const { env } = scratch;
  const action = {
    workspace: () => openWorkspace({ directory: checkout, env, clock: systemClock, log: silentLog, useCache: false }),
  } as Action;
  const subject = { pullRequest: 1, headSha: head, merge, baseRef: "main", mayPublish: true, ...known };
  const folders = new Map([[planArtifact, folder]]);
  for (const [model, text] of Object.entries(bundles)) {
    const own = join(scratch.folder, `bundle-${model}`);
    mkdirSync(own, { recursive: true });
    writeFileSync(join(own, bundleFile), text);
    folders.set(trainingArtifact(model), own);
  }
  return collectEntries(action, subject, folders);
}

describe("a plan that another job uploaded", () => {
  it("is believed when it speaks of what the pull request changes", async () => {
    expect(await reported({ entries: [entry("changed")] })).toMatchObject([
      { state: "error", model: "rent", problems: [{ message: "the training job gave no result" }] },
    ]);
  });

  it.each<[string, object]>([
    ["leaves out a model", {}],
    ["takes it for held", { entries: [entry("held", 1)] }],
    ["takes it for an earlier version", { entries: [entry("registered", 1)] }],
    ["takes it for unchanged", { entries: [entry("unchanged")] }],
    ["speaks of another model alone", { entries: [{ ...entry("held", 1), model: "rents" }] }],
    [
      "is of the head, and leaves it out",
      {
        get commit() {
          return head;
        },
      },
    ],
  ])("passes nothing when it %s that the pull request changes", async (_title, changes) => {
    const about = (await reported(changes)).filter((each) => "model" in each && each.model === "rent");
    expect(about).toMatchObject([
      {
        state: "error",
        during: "confirming the plan",
        problems: [{ message: expect.stringContaining("the plan leaves out rent, which this pull request changes") }],
      },
    ]);
  });

  it("passes no invalid model that it leaves out", async () => {
    const { git, write } = scratch;
    git("switch", "-q", "--detach", head);
    write("models/rent/model.yaml", modelYaml({ params: "{ tress: 30 }" }));
    git("commit", "-qam", "Make a mistake");
    const headSha = git("rev-parse", "HEAD").trim();
    git("push", "-q", "origin", "HEAD:refs/pull/2/head");
    git("switch", "-q", "main");
    expect(await reported({ commit: headSha }, { headSha })).toMatchObject([
      { state: "error", model: "rent", problems: [{ where: { file: "models/rent/model.yaml" } }] },
    ]);
  });

  it("of a head is held against the commit that it began from, not against what its base branch did since", async () => {
    const { git, write } = scratch;
    git("switch", "-q", "--detach", "main");
    write("models/broken/model.yaml", modelYaml({ name: "broken", params: "{ tress: 30 }" })); // main has mended it since
    git("add", ".");
    git("commit", "-qm", "Make a mistake");
    const base = git("rev-parse", "HEAD").trim();
    write("models/rent/model.yaml", modelYaml({ params: "{ trees: 31, max_leaves: 8 }" }));
    git("commit", "-qam", "Move the window");
    const headSha = git("rev-parse", "HEAD").trim();
    git("push", "-q", "origin", "HEAD:refs/heads/mergeml/retrain/rent");
    git("switch", "-q", "main");
    const plan = { commit: headSha, headSha, entries: [entry("changed")] };
    expect(await reported(plan, { headSha, merge: null, base })).toMatchObject([{ model: "rent" }]);
  });

  it.each<[string, object, string]>([
    ["of a commit that nobody has", { commit: "a".repeat(40) }, "there is no commit aaaaaaa"],
    [
      "of another commit",
      {
        get commit() {
          return scratch.git("rev-parse", "main").trim();
        },
      },
      "which is not this pull request's",
    ],
    ["that names a model twice", { entries: [entry("changed"), entry("held", 1)] }, "the plan names rent twice"],
    [
      "of more models than there can be",
      { entries: Array(3_000).fill(entry("changed")) },
      "must NOT have more than 2000",
    ],
    ["with a name that is none", { entries: [{ ...entry("new"), model: "@octocat" }] }, "cannot be used"],
    ["of another format", { format: 2 }, "cannot be used"],
  ])("is refused when it is one %s", async (_title, changes, message) => {
    expect(await reported(changes)).toMatchObject([
      { state: "error", model: "plan", problems: [{ message: expect.stringContaining(message) }] },
    ]);
  });
});

/** A push to main, and what the server then makes of it and a head for pull request `number`. */
function testMerge(theirs: string, number: number): string {
  const { git } = scratch;
  git("switch", "-q", "--detach", "main");
  git("merge", "-q", "--no-ff", "-m", "Merge", theirs);
  const sha = git("rev-parse", "HEAD").trim();
  git("push", "-qf", "origin", `HEAD:refs/pull/${number}/merge`, `${theirs}:refs/pull/${number}/head`);
  git("switch", "-q", "main");
  return sha;
}

describe("when main has moved since the plan", () => {
  let now: string;
  beforeAll(() => {
    const { git, write } = scratch;
    write("README.md", "hello\n");
    git("add", ".");
    git("commit", "-qm", "Say hello");
    git("push", "-q", "origin", "main", `${merge}:refs/keep/1`);
    now = testMerge("theirs", 1);
  });

  it("believes a plan of the test merge of then", async () => {
    expect(await reported({ entries: [entry("changed")] }, { merge: now })).toMatchObject([
      { state: "error", model: "rent", problems: [{ message: "the training job gave no result" }] },
    ]);
    expect(await reported({}, { merge: now })).toMatchObject([{ model: "rent", during: "confirming the plan" }]);
  });

  it.each<[string, () => Partial<ReportSubject>, string]>([
    ["there is no merge any more", () => ({ merge: null }), "no merge of"],
    ["its merge is of another head", () => ({ merge: scratch.git("rev-parse", "main").trim() }), "no merge of"],
  ])("refuses it when %s", async (_title, known, message) => {
    expect(await reported({ entries: [entry("changed")] }, known())).toMatchObject([
      { model: "plan", problems: [{ message: expect.stringContaining(message) }] },
    ]);
  });

  it("takes no merge that the fork made itself for the server's: what it leaves out is seen", async () => {
    const { git } = scratch;
    // Parents as a test merge has them, with the tree of main: nothing seems to have changed.
    const forged = git("commit-tree", "main^{tree}", "-p", "main", "-p", head, "-m", "Merge").trim();
    git("push", "-q", "origin", `${forged}:refs/keep/2`);
    expect(await reported({ commit: forged }, { merge: now })).toMatchObject([
      { model: "rent", during: "confirming the plan" },
    ]);
  });

  it("sees what a head changes that merged main into itself", async () => {
    const { git } = scratch;
    git("switch", "-q", "theirs");
    git("merge", "-q", "--no-ff", "-m", "Merge main", "main");
    const merged = git("rev-parse", "HEAD").trim();
    const made = testMerge("theirs", 3);
    for (const commit of [merged, made])
      expect(await reported({ commit, headSha: merged }, { headSha: merged, merge: made })).toMatchObject([
        { model: "rent", problems: [{ message: expect.stringContaining("the plan leaves out rent") }] },
      ]);
  });
});

describe("a bundle beside others", () => {
  const deep = (levels: number) => `${"[".repeat(levels)}${"]".repeat(levels)}`;

  it.each<[string, string, string]>([
    [
      "200,000 levels",
      `{"format":1,"model":"rent","outcome":${deep(200_000)},"candidate":null}`,
      "deeper than 64 levels",
    ],
    ["no JSON", "{", "it is not JSON"],
    ["nothing", "", "it is not JSON"],
  ])("with %s is its own model's error", async (_title, text, message) => {
    const { git, write } = scratch;
    git("switch", "-q", "theirs");
    write("models/extra/model.yaml", modelYaml({ name: "extra" }));
    write("models/extra/features.sql", featuresSql);
    git("add", ".");
    git("commit", "-q", "--allow-empty", "-m", "Add extra");
    const headSha = git("rev-parse", "HEAD").trim();
    git("switch", "-q", "main");
    const made = testMerge("theirs", 4);
    const entries = [entry("changed"), { ...entry("new"), model: "extra", production: null }];
    const heard = await reported({ commit: made, headSha, entries }, { headSha, merge: made }, { rent: text });
    expect(heard).toMatchObject([
      { state: "error", model: "rent", problems: [{ message: expect.stringContaining(message) }] },
      { state: "error", model: "extra", problems: [{ message: "the training job gave no result" }] },
    ]);
  });
});

describe("of the pull requests of one head", () => {
  const other = (pullRequest: number, otherRun?: number): ReportSubject => ({
    ...{ pullRequest, headSha: head, merge, baseRef: "main", mayPublish: true },
    ...(otherRun && { otherRun }),
  });

  it.each<[string, ReportSubject[], number | null, number | null]>([
    ["the one that the plan names", [other(1, 9), other(2, 9)], 1, 1],
    ["the other that the plan names", [other(1, 9), other(2, 9)], 2, 2],
    ["none when the plan names none", [other(1, 9), other(2, 9)], null, null],
    ["none when it names another", [other(1, 9)], 99, null],
    ["the only one when the plan names none", [other(1, 9)], null, 1],
    ["its own in a pull request's own run, whatever the plan says", [other(1)], 99, 1],
  ])("reports on %s", (_title, subjects, claimed, wanted) => {
    expect(subjectOfPlan(subjects, claimed)?.pullRequest ?? null).toBe(wanted);
  });
});
