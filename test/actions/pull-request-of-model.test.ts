import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Action } from "../../actions/shared/action.ts";
import { pullRequestOfModel } from "../../actions/shared/pull-request-of-model.ts";
import { openWorkspace } from "../../pipelines/open-workspace.ts";
import { silentLog, systemClock } from "../../pipelines/ports/host.ts";
import { definitionOf, readModel } from "../../pipelines/workspace/workspace.ts";
import { featuresSql, makeScratch, modelYaml, type Scratch } from "../scratch.ts";
import { type FaultyGitHub, startFaultyGitHub } from "./github/faulty-github.ts";

/**
 * The history of main: #1 brought rent, #2 price (its deploying run was lost), #3 a note and the defaults of mergeml.yaml, that
 * price sets for itself, #4 a path for predictions; and one commit that no pull request has: a model pushed by hand.
 */
let scratch: Scratch;
let faulty: FaultyGitHub;

beforeAll(async () => {
  scratch = makeScratch({ model: false });
  faulty = await startFaultyGitHub();
  const { write } = scratch;
  for (const number of [1, 2, 3, 4]) {
    const ref = { ref: `refs/heads/topic-${number}`, sha: await emulated() };
    await faulty.server.ask("POST", "/repos/octo/models/git/refs", ref);
    const pull = { title: `Pull request ${number}`, head: `topic-${number}`, base: "main" };
    await faulty.server.ask("POST", "/repos/octo/models/pulls", pull);
  }
  model("rent", "");
  merge(1);
  model("price", "resources: { threads: 1 }\ndescription: set here\n");
  merge(2);
  write("NOTES.md", "hello\n");
  write("mergeml.yaml", "defaults: { seed: 11 }\n");
  merge(3);
  write("mergeml.yaml", "defaults: { seed: 11 }\npredictions: scored\n");
  merge(4);
  model("byhand", "");
  commit();
  scratch.git("push", "-q", "origin", "main");
});

afterAll(async () => {
  scratch[Symbol.dispose]();
  await faulty[Symbol.asyncDispose]();
});

/** The commit that the emulator's own repository has. */
async function emulated(): Promise<string> {
  const { object } = await faulty.server.ask<{ object: { sha: string } }>(
    "GET",
    "/repos/octo/models/git/ref/heads/main",
  );
  return object.sha;
}

/** A model; without a seed of its own it has that of the defaults. */
function model(name: string, own: string): void {
  const text = modelYaml({ name }).replace("description: Monthly rent of a flat\n", "");
  const seeded = own === "" ? text.replace("seed: 7\n", "") : text;
  scratch.write(`models/${name}/model.yaml`, seeded + (own || "description: Monthly rent of a flat\n"));
  scratch.write(`models/${name}/features.sql`, featuresSql);
}

function commit(): string {
  scratch.git("add", ".");
  scratch.git("commit", "-qm", "Change");
  return scratch.git("rev-parse", "HEAD").trim();
}

function merge(number: number): void {
  const sha = commit();
  const merged = { number, merged_at: "2026-01-01T00:00:00Z", merge_commit_sha: sha };
  faulty.server.added.pullsOfCommit.set(sha, [merged]);
}

async function ask(name: string, root = scratch.root): Promise<number | null> {
  const { env } = scratch;
  const workspace = await openWorkspace({ directory: root, env, clock: systemClock, log: silentLog, useCache: false });
  const loaded = await readModel(workspace, name);
  const variables = { ...env, GITHUB_WORKSPACE: root };
  const action = { env: variables, github: async () => faulty.github } as unknown as Action;
  return pullRequestOfModel(action, workspace, { config: loaded.config, definition: definitionOf(loaded) });
}

describe("the pull request that a version is recorded with", () => {
  it.each([
    { name: "price", found: 2, why: "the last that touched the model, whatever was merged since" },
    { name: "rent", found: 3, why: "the one that changed the defaults the model has" },
    { name: "byhand", found: null, why: "none when the commit has none" },
  ])("is of $name $found: $why", async ({ name, found }) => {
    expect(await ask(name)).toBe(found);
  });

  it("is found in history that is brought for it, without asking GitHub for commits", async () => {
    const { git, folder } = scratch;
    const shallow = `${folder}/shallow`;
    git("clone", "-q", "--depth=1", `file://${folder}/origin.git`, shallow);
    const { lastCommits } = faulty.server.added;
    const last = (path: string) => git("log", "--format=%H", "--", path).trim().split("\n");
    for (const path of ["models/price", "models/rent", "mergeml.yaml"]) lastCommits.set(path, last(path));
    git("-C", `${folder}/origin.git`, "config", "uploadpack.allowReachableSHA1InWant", "true");
    expect(await ask("price", shallow)).toBe(2);
    expect(await ask("rent", shallow)).toBe(3);
    expect(git("-C", shallow, "rev-list", "--count", "HEAD").trim()).toBe("6");
    expect(faulty.asked("/commits?")).toEqual([]);
  });
});
