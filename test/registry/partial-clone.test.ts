import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { featuresSql, madeScratch, makeScratch, modelYaml, type Scratch } from "../scratch.ts";
import { watchGit } from "./git/watched-git.ts";

/** Three versions, each better than the one before, of 40 kB and more. */
const threeVersions = () =>
  madeScratch("three-large-versions", makeScratch, async (scratch) => {
    await scratch.facts(["init"]);
    for (const trees of [90, 120, 160]) {
      scratch.write("models/rent/model.yaml", modelYaml({ params: `{ trees: ${trees}, learning_rate: 0.02 }` }));
      scratch.git("commit", "-qam", `Trees: ${trees}`);
      scratch.git("push", "-q", "origin", "main");
      await scratch.facts(["run", "rent"]);
    }
  });

/** What a job starts with: the last commit of main, from a server that knows partial clones or one that does not. */
function checkOut(scratch: Scratch, name: string, knowsPartial: boolean) {
  const folder = join(scratch.folder, name);
  const env = { ...scratch.env } as NodeJS.ProcessEnv;
  const git = (...args: string[]) => execFileSync("git", args, { cwd: scratch.folder, env, encoding: "utf8" });
  git("-C", "origin.git", "config", "uploadpack.allowFilter", String(knowsPartial));
  git("clone", "-q", "--depth=1", "--branch=main", `file://${join(scratch.folder, "origin.git")}`, name);
  const rest = (...args: string[]) => git("-C", folder, ...args);
  const leftOut = () => rest("rev-list", "--objects", "--missing=print", "origin/registry").match(/^\?/gm)?.length ?? 0;
  const mergeml = <T>(...args: string[]) => scratch.facts<T>(["-C", folder, ...args]);
  return { git: rest, leftOut, mergeml, folder };
}

it("a job fetches models when it reads them, and all at once to verify the registry", async () => {
  using scratch = await threeVersions();
  scratch.env.CI = "true";
  const { leftOut, mergeml, git } = checkOut(scratch, "job", true);
  scratch.env.GIT_TRACE = join(scratch.folder, "trace");
  const fetches = () =>
    readFileSync(scratch.env.GIT_TRACE!, "utf8").match(/built-in: git fetch .*--filter=blob:none/g) ?? [];
  await mergeml("plan");
  await mergeml("status");
  await mergeml("history", "rent");
  // Of three versions model, profile, card and MLmodel, the one loader of all, and the records of two that nobody asked for; that of the
  // third came by itself.
  expect(leftOut()).toBe(15);
  expect(fetches().length).toBe(1);
  expect(git("config", "remote.origin.partialclonefilter").trim()).toBe("blob:limit=40k");
  await mergeml("predict", "rent", "--input", "data/flats.csv", "--output", "rows.csv");
  expect(leftOut()).toBe(14);
  expect(await mergeml("verify")).toMatchObject({ versions: 3, problems: [] });
  expect(leftOut()).toBe(0);
});

it("a job that watches many models fetches their profiles at once, and a version's files, too", async () => {
  using scratch = await threeVersions();
  for (const name of ["lease", "sale"]) {
    scratch.write(`models/${name}/model.yaml`, modelYaml({ name }));
    scratch.write(`models/${name}/features.sql`, featuresSql);
  }
  scratch.git("add", "models");
  scratch.git("commit", "-qm", "Add more models");
  scratch.git("push", "-q", "origin", "main");
  for (const name of ["lease", "sale"]) await scratch.facts(["run", name]);
  scratch.env.CI = "true";
  const { mergeml } = checkOut(scratch, "job", true);
  scratch.env.GIT_TRACE = join(scratch.folder, "trace");
  const fetches = () =>
    readFileSync(scratch.env.GIT_TRACE!, "utf8").match(/built-in: git fetch .*--filter=blob:none/g)?.length ?? 0;
  // Nobody can watch these models, which have no time; what is compared with is read before that is known.
  await scratch.mergeml("-C", join(scratch.folder, "job"), "drift");
  // Records, then profiles.
  expect(fetches()).toBe(2);
  await mergeml("export", "rent@2", "--for", "mlserver", "--output", "exported");
  // Its record, and then all else.
  expect(fetches()).toBe(4);
});

it("a job that plans has the folders of the last commit alone, until their history is asked for", async () => {
  using scratch = await threeVersions();
  scratch.env.CI = "true";
  const { git, mergeml } = checkOut(scratch, "job", true);
  const whole = checkOut(scratch, "whole", true);
  scratch.env.GIT_TRACE = join(scratch.folder, "trace");
  const planned = await mergeml("plan");
  const marked = () => git("for-each-ref", "refs/mergeml");
  const missing = () => git("rev-list", "--objects", "--missing=print", "origin/registry").match(/^\?/gm)?.length ?? 0;
  expect(marked()).toMatch(/commit\trefs\/mergeml\/treeless/);
  // Folders of seven commits before the last, beside what is larger than pointers.
  expect(missing()).toBeGreaterThan(15);
  const fetches = (lazy: RegExp) => readFileSync(scratch.env.GIT_TRACE!, "utf8").match(lazy)?.length ?? 0;
  expect(fetches(/built-in: git fetch /g)).toBe(3); // commits, the last one's files, the record of production
  const history = await mergeml("history", "rent");
  expect(marked()).toBe("");
  expect(missing()).toBe(15);
  expect(fetches(/built-in: git fetch .*--filter=blob:none/g)).toBe(1);
  expect(await whole.mergeml("history", "rent")).toEqual(history);
  expect(await whole.mergeml("plan")).toEqual(planned);
  await mergeml("rollback", "rent");
  expect(await mergeml("verify")).toMatchObject({ versions: 3, problems: [] });
});

it("a job whose fetch breaks off between commits and folders starts again", async () => {
  using scratch = await threeVersions();
  scratch.env.CI = "true";
  const { git, mergeml, folder } = checkOut(scratch, "job", true);
  const breaking = watchGit(scratch.folder, scratch.env, 'case "$*" in *--stdin*) exit 128;; esac; exec "$real" "$@"');
  const { PATH } = scratch.env;
  Object.assign(scratch.env, breaking.env);
  expect(await scratch.facts(["-C", folder, "plan"], 3)).toMatchObject({ error: { kind: "environment" } });
  expect(git("for-each-ref", "refs/remotes/origin/registry")).toBe("");
  Object.assign(scratch.env, { PATH });
  expect(await mergeml("status")).toMatchObject({ models: [{ model: "rent", production: 3 }] });
  expect(await mergeml("plan")).toMatchObject({ models: [{ model: "rent", state: "unchanged", production: 3 }] });
  expect(await mergeml("verify")).toMatchObject({ versions: 3, problems: [] });
});

it("a definition that was rolled back is found by a job that plans", async () => {
  using scratch = await threeVersions();
  await scratch.facts(["rollback", "rent"]);
  scratch.env.CI = "true";
  const { mergeml, git } = checkOut(scratch, "job", true);
  expect(await mergeml("plan")).toMatchObject({ models: [{ model: "rent", state: "held", version: 3 }] });
  expect(git("for-each-ref", "refs/mergeml")).toBe("");
  await mergeml("promote", "rent", "--to", "3");
  expect(await mergeml("status")).toMatchObject({ models: [{ model: "rent", production: 3 }] });
});

it("a job that plans pushes what it writes, with the folders of the last commit alone", async () => {
  using scratch = await threeVersions();
  scratch.env.CI = "true";
  const { mergeml, git } = checkOut(scratch, "job", true);
  await mergeml("plan");
  await mergeml("challenge", "rent@2", "--shadow");
  expect(git("for-each-ref", "refs/mergeml")).toMatch("treeless");
  expect(await mergeml("verify")).toMatchObject({ versions: 3, problems: [] });
});

it("a job goes back to a version whose model it has not, and deploys beside it", async () => {
  using scratch = await threeVersions();
  scratch.env.CI = "true";
  const { mergeml, leftOut } = checkOut(scratch, "job", true);
  await mergeml("rollback", "rent");
  expect(await mergeml("status")).toMatchObject({ models: [{ model: "rent", production: 2 }] });
  // One model came, and the records of all three.
  expect(leftOut()).toBe(12);
  expect(await mergeml("verify")).toMatchObject({ versions: 3, problems: [] });
});

it("records that a filter left out come at once, however many are read", async () => {
  using scratch = await threeVersions();
  scratch.env.CI = "true";
  const { mergeml, leftOut, git } = checkOut(scratch, "job", true);
  git("config", "remote.origin.promisor", "true");
  git("config", "remote.origin.partialclonefilter", "blob:limit=2k");
  git("fetch", "-q", "origin", "registry:refs/remotes/origin/registry");
  const before = leftOut();
  scratch.env.GIT_TRACE = join(scratch.folder, "trace");
  await mergeml("dashboard", "--output", "site");
  const fetches = readFileSync(scratch.env.GIT_TRACE, "utf8").match(/built-in: git fetch .*--filter=blob:none/g);
  expect(before - leftOut()).toBe(3);
  // What is in production, all versions, all runs: of each one fetch, while there are three of them.
  expect(fetches!.length).toBeLessThanOrEqual(3);
});

it("the records that promotions rest on come at once, however many are audited", async () => {
  using scratch = await threeVersions();
  scratch.env.CI = "true";
  const { mergeml } = checkOut(scratch, "job", true);
  scratch.env.GIT_TRACE = join(scratch.folder, "trace");
  expect(await mergeml("audit")).toMatchObject([{ to: 1 }, { to: 2 }, { to: 3 }]);
  const fetches = readFileSync(scratch.env.GIT_TRACE, "utf8").match(/built-in: git fetch .*--filter=blob:none/g);
  expect(fetches).toHaveLength(1);
});

it("a job plans on a server that refuses to leave out folders", async () => {
  using scratch = await threeVersions();
  scratch.env.CI = "true";
  const { mergeml, git, leftOut } = checkOut(scratch, "job", true);
  scratch.git("-C", "../origin.git", "config", "uploadpackfilter.tree.allow", "false");
  expect(await mergeml("plan")).toMatchObject({ models: [{ model: "rent", state: "unchanged", production: 3 }] });
  expect(git("for-each-ref", "refs/mergeml")).toBe("");
  expect(leftOut()).toBe(15);
});

it("a job plans, predicts and verifies on a server that refuses every filter", async () => {
  using scratch = await threeVersions();
  scratch.env.CI = "true";
  const { mergeml, leftOut } = checkOut(scratch, "job", true);
  scratch.git("-C", "../origin.git", "config", "uploadpackfilter.allow", "false");
  expect(await mergeml("plan")).toMatchObject({ models: [{ model: "rent", state: "unchanged", production: 3 }] });
  expect(leftOut()).toBe(0);
  await mergeml("predict", "rent", "--input", "data/flats.csv", "--output", "rows.csv");
  expect(await mergeml("verify")).toMatchObject({ versions: 3, problems: [] });
});

it("a server that knows no filters is fetched from whole", async () => {
  using scratch = await threeVersions();
  scratch.env.CI = "true";
  const { mergeml, leftOut } = checkOut(scratch, "job", false);
  await mergeml("plan");
  expect(leftOut()).toBe(0);
  expect(await mergeml("verify")).toMatchObject({ versions: 3, problems: [] });
});

it("a person's clone is left as it is", async () => {
  using scratch = await threeVersions();
  const { mergeml, leftOut, git } = checkOut(scratch, "laptop", true);
  await mergeml("plan");
  expect(leftOut()).toBe(0);
  expect(git("config", "--get-regexp", "^remote")).not.toContain("promisor");
});
