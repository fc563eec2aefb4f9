import { execFileSync } from "node:child_process";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Git, openGit } from "../../../pipelines/registry/git/git.ts";
import {
  deleteRetrainBranch,
  fetchDefaultBranch,
  listRetrainBranches,
  modelTree,
  readRetrainBranch,
  retrainBranch,
  writeRetrainBranch,
} from "../../../pipelines/watch/retrain/retrain-branch.ts";
import { makeScratch, modelYaml, type Scratch } from "../../scratch.ts";

const name = retrainBranch("rent");
const moved = modelYaml().replace("seed: 7", "seed: 7 # moved");
let scratch: Scratch;
let git: Git;
let env: Scratch["env"];

beforeEach(() => {
  scratch = makeScratch();
  env = { ...scratch.env, GIT_COMMITTER_NAME: "robot", GIT_COMMITTER_EMAIL: "robot@example.org" };
  git = openGit(scratch.root, { env });
});
afterEach(() => scratch[Symbol.dispose]());

async function write(expected: string | null, modelText = moved): Promise<string | null> {
  const { tip: base } = await fetchDefaultBranch(git, "origin");
  return writeRetrainBranch(git, {
    ...{
      remote: "origin",
      model: "rent",
      base,
      modelYaml: modelText,
      expected,
      time: new Date("2026-03-01T12:00:00Z"),
    },
    ...{ subject: "Retrain rent on data up to 2001-06-04", body: "It drifts." },
  });
}

async function read(commit: string) {
  return readRetrainBranch(git, { remote: "origin", model: "rent", commit });
}

/** A person's clone of the branch, with one more commit pushed to it. */
function edit(change: (person: (...args: string[]) => string) => void, ...push: string[]): string {
  const person = scratch.clone("person", name);
  change(person);
  person("push", "-q", ...push, "origin", `HEAD:${name}`);
  return person("rev-parse", "HEAD").trim();
}

describe("a retrain branch", () => {
  it("is one commit by the bot on the default branch that changes model.yaml and nothing else", async () => {
    const before = scratch.git("status", "--porcelain");
    const commit = (await write(null)) ?? "";
    expect(await listRetrainBranches(git, "origin")).toEqual(new Map([["rent", commit]]));
    expect(scratch.git("diff", "--name-only", "main", commit).trim()).toBe("models/rent/model.yaml");
    expect(scratch.git("show", `${commit}:models/rent/model.yaml`)).toBe(moved);
    expect(scratch.git("log", "-1", "--format=%an|%cn|%ce|%s|%P", commit).trim()).toBe(
      `robot|robot|robot@example.org|Retrain rent on data up to 2001-06-04|${scratch.git("rev-parse", "main").trim()}`,
    );
    expect(await read(commit)).toEqual({ commit, edited: false, base: scratch.git("rev-parse", "main").trim() });
    expect(scratch.git("status", "--porcelain")).toBe(before);
    expect(scratch.git("branch", "--list").trim()).toBe("* main");
  });

  it("is written over only as it was last seen", async () => {
    const first = await write(null);
    expect(await write(null, `${moved}# again\n`)).toBeNull();
    const second = await write(first, `${moved}# again\n`);
    expect(second).not.toBeNull();
    expect(await write(first, `${moved}# late\n`)).toBeNull();
    expect((await listRetrainBranches(git, "origin")).get("rent")).toBe(second);
    expect(await deleteRetrainBranch(git, "origin", "rent", first ?? "")).toBe(false);
    expect(await deleteRetrainBranch(git, "origin", "rent", second ?? "")).toBe(true);
    expect(await listRetrainBranches(git, "origin")).toEqual(new Map());
    expect(await deleteRetrainBranch(git, "origin", "rent", second ?? "")).toBe(false);
  });

  it("is known to be edited", async () => {
    await write(null);
    const commit = edit((person) => person("commit", "-q", "--allow-empty", "-m", "Mine"));
    expect(await read(commit)).toEqual({ commit, edited: true, base: null });
    expect(await write(await write(null))).toBeNull();
  });

  it.each([
    ["amended in place", (person: (...args: string[]) => string) => person("commit", "-q", "--amend", "--no-edit")],
    [
      "merged with something else",
      (person: (...args: string[]) => string) => {
        person("commit", "-q", "--allow-empty", "-m", "Mine");
        person("merge", "-q", "--no-ff", "-m", "Merge", "HEAD~2");
      },
    ],
    ["emptied", (person: (...args: string[]) => string) => person("reset", "-q", "--hard", "HEAD~1")],
  ])("is known to be edited when it was %s", async (_title, change) => {
    await write(null);
    const commit = edit(change, "--force");
    expect(await read(commit)).toMatchObject({ edited: true });
  });

  it("is read and written in a clone without history", async () => {
    scratch.git("commit", "-q", "--allow-empty", "-m", "More");
    scratch.git("push", "-q");
    const commit = await write(null);
    scratch.git("clone", "-q", "--depth=1", `file://${scratch.folder}/origin.git`, "../shallow");
    const shallow = openGit(`${scratch.folder}/shallow`, { env });
    const found = await readRetrainBranch(shallow, { remote: "origin", model: "rent", commit: commit ?? "" });
    expect(found).toMatchObject({ edited: false });
    const { tip: base } = await fetchDefaultBranch(shallow, "origin");
    const plan = { remote: "origin", model: "rent", base, modelYaml: `${moved}#\n`, subject: "s", body: "b" };
    expect(await writeRetrainBranch(shallow, { ...plan, time: new Date(0), expected: commit })).not.toBeNull();
  });
});

it("tells a model's folder by what is in it", async () => {
  const before = await modelTree(git, "main", "rent");
  scratch.git("commit", "-q", "--allow-empty", "-m", "Elsewhere");
  expect(await modelTree(git, "main", "rent")).toBe(before);
  scratch.write("models/rent/features.sql", "SELECT 1");
  scratch.git("commit", "-qam", "Here");
  expect(await modelTree(git, "main", "rent")).not.toBe(before);
  expect(await modelTree(git, "main", "none")).toBeNull();
});

it("says that the remote has no default branch", async () => {
  execFileSync("git", ["init", "-q", "--bare", "empty.git"], { cwd: scratch.folder });
  scratch.git("remote", "set-url", "origin", "../empty.git");
  await expect(fetchDefaultBranch(git, "origin")).rejects.toThrow("origin has no default branch");
});
