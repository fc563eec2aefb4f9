import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Action } from "../../actions/shared/action.ts";
import { planArtifact, planFile } from "../../actions/shared/plan-bundle.ts";
import { collectEntries } from "../../actions/shared/report-entries.ts";
import { systemClock } from "../../pipelines/ports/clock.ts";
import { silentLog } from "../../pipelines/ports/log.ts";
import { openWorkspace } from "../../pipelines/workspace/workspace.ts";
import { featuresSql, makeScratch, modelYaml, type Scratch } from "../scratch.ts";

let scratch: Scratch;
/** The test merge of a pull request that changes rent, and its head; main has moved on since. */
let [merge, head] = ["", ""];
let checkout: string;

beforeAll(async () => {
  scratch = makeScratch();
  await scratch.facts(["init"]);
  await scratch.facts(["run", "rent"]);
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

/** What is reported of a plan that a pull request's job uploaded. */
function reported(changes: object, commits = [merge, head]) {
  const folder = join(scratch.folder, "plan");
  mkdirSync(folder, { recursive: true });
  const plan = { format: 1, pullRequest: 1, headSha: head, commit: merge, entries: [], problems: [], ...changes };
  writeFileSync(join(folder, planFile), JSON.stringify(plan));
  const { env } = scratch;
  const action = {
    workspace: () => openWorkspace({ directory: checkout, env, clock: systemClock, log: silentLog, useCache: false }),
  } as Action;
  const subject = { pullRequest: 1, headSha: head, commits, mayPublish: true };
  return collectEntries(action, subject, new Map([[planArtifact, folder]]));
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
    git("switch", "-q", "--detach", merge);
    write("models/rent/model.yaml", modelYaml({ params: "{ tress: 30 }" }));
    git("commit", "-qam", "Make a mistake");
    git("push", "-q", "origin", "HEAD:refs/pull/2/merge");
    const commit = git("rev-parse", "HEAD").trim();
    git("switch", "-q", "main");
    expect(await reported({ commit }, [commit])).toMatchObject([
      { state: "error", model: "rent", problems: [{ where: { file: "models/rent/model.yaml" } }] },
    ]);
  });

  it.each<[string, object, string]>([
    [
      "of another commit",
      { commit: "a".repeat(40) },
      "the plan is of commit aaaaaaa, which is not this pull request's",
    ],
    ["with a name that is none", { entries: [{ ...entry("new"), model: "@octocat" }] }, "cannot be used"],
    ["of another format", { format: 2 }, "cannot be used"],
  ])("is refused when it is one %s", async (_title, changes, message) => {
    expect(await reported(changes)).toMatchObject([
      { state: "error", model: "plan", problems: [{ message: expect.stringContaining(message) }] },
    ]);
  });
});
