import { expect, it } from "vitest";
import { changedInRun } from "../../actions/plan/changed-in-run.ts";
import type { Action } from "../../actions/shared/action.ts";
import type { GitHubContext } from "../../actions/shared/github/context.ts";
import { openWorkspace } from "../../pipelines/open-workspace.ts";
import { silentLog, systemClock } from "../../pipelines/ports/host.ts";
import { makeScratch, modelYaml, type Scratch } from "../scratch.ts";
import { startFaultyGitHub } from "./github/faulty-github.ts";

/** A checkout of a commit as GitHub makes it: with its parents alone. */
function checkout({ git, folder }: Scratch): string {
  const root = `${folder}/checkout`;
  git("push", "-q", "--force", "origin", "HEAD:refs/heads/checked-out", "main:refs/heads/main");
  git("clone", "-q", "--depth=2", "--branch=checked-out", `file://${folder}/origin.git`, root);
  return root;
}

function change({ git, write }: Scratch, branch: string, path: string): string {
  git("switch", "-qc", branch, "main");
  write(path, path.endsWith(".yaml") ? modelYaml({ name: branch, params: "{ trees: 77 }" }) : "words\n");
  git("add", ".");
  git("commit", "-qm", `Change ${branch}`);
  return git("rev-parse", "HEAD").trim();
}

async function changed(scratch: Scratch, context: Partial<GitHubContext>, given: Partial<Action> = {}) {
  const directory = checkout(scratch);
  const action = { context: async () => context, input: () => "", ...given } as unknown as Action;
  const { env } = scratch;
  await using workspace = await openWorkspace({ directory, env, clock: systemClock, log: silentLog, useCache: false });
  const models = await changedInRun(action, workspace);
  return models === "all" ? models : [...models].sort();
}

it("plans all that the merge queue brings at once, not what its last pull request changes", async () => {
  using scratch = makeScratch();
  const { git } = scratch;
  const baseSha = git("rev-parse", "main").trim();
  change(scratch, "rooms", "models/rooms/model.yaml");
  change(scratch, "price", "models/price/model.yaml");
  change(scratch, "words", "NOTES.md");
  git("switch", "-q", "--detach", "main");
  for (const branch of ["rooms", "price", "words"]) git("merge", "-q", "--no-ff", "-m", `Merge ${branch}`, branch);
  const headSha = git("rev-parse", "HEAD").trim();
  expect(await changed(scratch, { mergeGroup: { headSha, baseSha } })).toEqual(["price", "rooms"]);
});

it("plans what a pull request changes that it was started for, wherever its base branch is by now", async () => {
  using scratch = makeScratch();
  await using faulty = await startFaultyGitHub();
  const { git, write } = scratch;
  const base = git("rev-parse", "main").trim();
  // A branch whose newest commit is itself a merge: its first parent is no base.
  change(scratch, "rooms", "models/rooms/model.yaml");
  git("branch", "-q", "side", base);
  git("switch", "-q", "side");
  write("NOTES.md", "words\n");
  git("add", ".");
  git("commit", "-qm", "Write");
  git("switch", "-q", "rooms");
  git("merge", "-q", "--no-ff", "-m", "Merge side", "side");
  const head = git("rev-parse", "HEAD").trim();
  git("switch", "-q", "main");
  write("models/price/model.yaml", modelYaml({ name: "price" }));
  git("add", ".");
  git("commit", "-qm", "Move main on");
  git("switch", "-q", "--detach", head);
  const { ask, added } = faulty.server;
  await ask("POST", "/repos/octo/models/issues", { title: "not a pull request" });
  const { object } = await ask<{ object: { sha: string } }>("GET", "/repos/octo/models/git/ref/heads/main");
  await ask("POST", "/repos/octo/models/git/refs", { ref: "refs/heads/rooms", sha: object.sha });
  await ask("PUT", "/repos/octo/models/contents/a.txt", { message: "a", content: "YQ==", branch: "rooms" });
  const pull = await ask<{ number: number }>("POST", "/repos/octo/models/pulls", {
    title: "a",
    head: "rooms",
    base: "main",
  });
  added.heads.set(pull.number, { sha: head, repository: "octo/models" });
  added.mergeBases.set(head, base);
  const given = {
    input: (name: string) => (name === "pull-request" ? `${pull.number}` : ""),
    github: async () => faulty.github,
  };
  expect(await changed(scratch, { mergeGroup: null }, given)).toEqual(["rooms"]);
});
