import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { supersededBy } from "../../actions/shared/superseded.ts";
import { openWorkspace } from "../../pipelines/open-workspace.ts";
import { silentLog, systemClock } from "../../pipelines/ports/host.ts";
import type { CandidateRecord } from "../../pipelines/registry/version-record.ts";
import { definitionOf, readModel } from "../../pipelines/workspace/workspace.ts";
import { makeScratch, modelYaml, type Scratch } from "../scratch.ts";

let scratch: Scratch;
beforeEach(() => {
  scratch = makeScratch();
});
afterEach(() => scratch[Symbol.dispose]());

/** Pushes a change to main that the run, which has the commit before it, does not know. */
function merge(change: () => void): string {
  const { git } = scratch;
  const run = git("rev-parse", "HEAD").trim();
  change();
  git("add", "-A");
  git("commit", "-qm", "Merge");
  git("push", "-q", "origin", "main");
  const newest = git("rev-parse", "HEAD").trim();
  git("reset", "-q", "--hard", run);
  return newest;
}

async function asked(ref = "refs/heads/main"): Promise<string | null> {
  const { root, env } = scratch;
  const workspace = await openWorkspace({ directory: root, env, clock: systemClock, log: silentLog, useCache: false });
  const model = await readModel(workspace, "rent");
  const record = { config: model.config, definition: definitionOf(model) } as CandidateRecord;
  return supersededBy({ env: { GITHUB_REF: ref } }, workspace, record);
}

describe("a candidate of a commit that is not the newest any more", () => {
  it("is superseded by another config", async () => {
    const newest = merge(() => scratch.write("models/rent/model.yaml", modelYaml({ params: "{ trees: 11 }" })));
    expect(await asked()).toBe(newest);
  });

  it("is superseded when the model is gone", async () => {
    const newest = merge(() => scratch.git("rm", "-qr", "models/rent"));
    expect(await asked()).toBe(newest);
  });

  it.each<[string, () => void]>([
    ["something else changed", () => scratch.write("NOTES.md", "Words.\n")],
    [
      "only its description changed",
      () => scratch.write("models/rent/model.yaml", modelYaml().replace("Monthly rent", "Rent")),
    ],
    ["the newer config has a mistake", () => scratch.write("models/rent/model.yaml", modelYaml({ type: "linaer" }))],
    ["the settings have a mistake", () => scratch.write("mergeml.yaml", "dat: [data]\n")],
  ])("is still wanted when %s", async (_title, change) => {
    merge(change);
    expect(await asked()).toBeNull();
  });
});

it.each(["", "refs/tags/v1", "refs/heads/gone"])("asks nothing of the ref %j", async (ref) => {
  merge(() => scratch.git("rm", "-qr", "models/rent"));
  expect(await asked(ref)).toBeNull();
});

it("is the newest when nobody merged", async () => {
  expect(await asked()).toBeNull();
});
