import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { floatingTag, makeReleaseCommit, newestRelease } from "../scripts/release/release-commit.ts";
import { makeScratch } from "./scratch.ts";

it.each<[string, string, ReturnType<typeof newestRelease>]>([
  ["nothing but unreleased changes", "# Changelog\n\n## Unreleased\n\n- more\n", null],
  [
    "a version below them",
    "## Unreleased\n\n## [0.2.0] - 2026-11-28\n\n### Added\n\n- this\n\n## 0.1.0 - 2026-01-01\n\n- that\n",
    { version: "0.2.0", text: "### Added\n\n- this" },
  ],
  ["the first version", "## 0.1.0\n\n- all\n", { version: "0.1.0", text: "- all" }],
  ["a candidate", "## 1.0.0-rc.1 - 2026-01-01\n", { version: "1.0.0-rc.1", text: "" }],
])("the changelog has %s", (_title, text, expected) => {
  expect(newestRelease(text)).toEqual(expected);
});

it("moves no floating tag for a candidate", () => {
  expect(["0.3.1", "1.2.0", "1.0.0-rc.1"].map(floatingTag)).toEqual(["v0", "v1", null]);
});

it("makes one commit of the same tree, on no branch, whoever runs it", () => {
  using scratch = makeScratch({ remote: false });
  const tree = join(scratch.folder, "tree");
  mkdirSync(join(tree, "lib"), { recursive: true });
  writeFileSync(join(tree, "lib/mergeml.js"), "export {};\n");
  writeFileSync(join(tree, ".gitignore"), "lib/\n"); // also what a tree itself says to leave out
  const git = (...args: string[]) => execFileSync("git", args, { cwd: scratch.root, encoding: "utf8" }).trim();
  const first = makeReleaseCommit(scratch.root, tree, "v0.1.0");
  expect(git("rev-parse", "v0.1.0")).toBe(first);
  expect(git("ls-tree", "-r", "--name-only", first)).toBe(".gitignore\nlib/mergeml.js");
  expect(git("log", "--format=%an: %s", "-1", first)).toBe("mergeml release: Release v0.1.0");
  expect(git("rev-parse", `${first}^`)).toBe(git("rev-parse", "HEAD"));
  expect(git("branch", "--contains", first)).toBe("");
  // The tag of a version never moves.
  expect(() => makeReleaseCommit(scratch.root, tree, "v0.1.0")).toThrow("already exists");
  git("tag", "-d", "v0.1.0");
  expect(makeReleaseCommit(scratch.root, tree, "v0.1.0")).toBe(first);
});

/** What a step of the job `publish` runs. */
function scriptOf(name: string): string {
  const { jobs } = parse(readFileSync(join(import.meta.dirname, "../.github/workflows/release.yml"), "utf8")) as {
    jobs: { publish: { steps: { name?: string; run?: string }[] } };
  };
  return jobs.publish.steps.find((each) => each.name === name)?.run ?? "";
}

it("publishes what lies in dist, by the commands of release.yml: a tag that is there stays, and npm takes the file", () => {
  using scratch = makeScratch({ remote: false });
  const { folder, root } = scratch;
  const origin = join(folder, "published.git");
  execFileSync("git", ["clone", "-q", "--bare", root, origin]);
  const env = { ...process.env, ...(scratch.env as NodeJS.ProcessEnv), VERSION: "0.1.0", FLOATING: "v0" };
  const clone = (name: string) => {
    const place = join(folder, name);
    execFileSync("git", ["clone", "-q", origin, place]);
    mkdirSync(join(place, "dist"));
    return place;
  };
  const step = (cwd: string, name: string, change: (script: string) => string = (script) => script) => {
    const script = scriptOf(name);
    // Signing in to GitHub is the runner's.
    return execFileSync("bash", ["-ec", change(script.replace("gh auth setup-git", ":"))], {
      cwd,
      env,
      encoding: "utf8",
      stdio: "pipe",
    });
  };
  const prepared = (place: string, text: string) => {
    const tree = join(place, "tree");
    mkdirSync(tree);
    writeFileSync(join(tree, "action.yml"), text);
    makeReleaseCommit(root, tree, "v0.1.0");
    const bundle = join(place, "dist/release.bundle");
    execFileSync("git", ["bundle", "create", "-q", bundle, "refs/tags/v0.1.0", "^HEAD"], { cwd: root });
  };
  const first = clone("first");
  prepared(first, "name: one\n");
  step(first, "tag");
  step(first, "move the floating tag");
  const tags = () => execFileSync("git", ["ls-remote", origin, "refs/tags/*"], { encoding: "utf8" });
  const [one, other] = tags()
    .trim()
    .split("\n")
    .map((line) => line.split("\t")[0]);
  expect(one).toBe(other);
  execFileSync("git", ["tag", "-d", "v0.1.0"], { cwd: root });
  const second = clone("second");
  execFileSync("git", ["tag", "-d", "v0.1.0"], { cwd: second });
  prepared(second, "name: two\n");
  const before = tags();
  expect(() => step(second, "tag")).toThrow("already exists");
  expect(tags()).toBe(before);

  writeFileSync(join(first, "package.json"), JSON.stringify({ name: "mergeml", version: "0.1.0" }));
  execFileSync("npm", ["pack", "--silent", "--pack-destination", "dist"], { cwd: first, env });
  // No name of a host: whatever is no file ends here.
  const local = (script: string) =>
    script.replace("npm view", "npm view --offline").replace("npm publish", "npm publish --dry-run --offline --json");
  expect(step(first, "npm", local)).toContain('"mergeml@0.1.0"');
});

it("goes on where an earlier attempt to publish ended, and publishes nothing twice", () => {
  using scratch = makeScratch({ model: false, remote: false });
  const { folder, root } = scratch;
  const bin = join(folder, "bin");
  mkdirSync(bin);
  // Doubles with GitHub's and npm's own rules: nothing is made twice, and what is out takes no more files.
  const gh = `#!/bin/sh
echo "gh $2" >> "${folder}/log"
state=$(cat "${folder}/state" 2> /dev/null)
case "$2" in
  view) case "$state" in draft) echo true ;; out) echo false ;; *) exit 1 ;; esac ;;
  create) [ -z "$state" ] || exit 1; echo draft > "${folder}/state" ;;
  upload) [ "$state" = draft ] && [ ! -e "${folder}/away" ] ;;
  edit) echo out > "${folder}/state" ;;
esac
`;
  const npm = `#!/bin/sh
echo "npm $1" >> "${folder}/log"
case "$1" in
  view) cat "${folder}/version" ;;
  publish) [ ! -e "${folder}/version" ] && [ ! -e "${folder}/away" ] && echo 0.1.0 > "${folder}/version" ;;
esac
`;
  for (const [name, text] of Object.entries({ gh, npm })) writeFileSync(join(bin, name), text, { mode: 0o755 });
  const env = { ...(scratch.env as NodeJS.ProcessEnv), PATH: `${bin}:${process.env.PATH}`, VERSION: "0.1.0" };
  const attempt = (away: boolean) => {
    rmSync(join(folder, "log"), { force: true });
    if (away) writeFileSync(join(folder, "away"), "");
    else rmSync(join(folder, "away"), { force: true });
    try {
      for (const name of ["release", "npm"])
        execFileSync("bash", ["-ec", scriptOf(name)], { cwd: root, env, stdio: "pipe" });
    } catch {
      if (!away) throw new Error(readFileSync(join(folder, "log"), "utf8"));
    }
    return readFileSync(join(folder, "log"), "utf8").trim().split("\n");
  };
  expect(attempt(true)).toEqual(["gh view", "gh create", "gh upload"]);
  expect(attempt(false)).toEqual(["gh view", "gh upload", "gh edit", "npm view", "npm publish"]);
  expect(attempt(false)).toEqual(["gh view", "npm view"]);
  rmSync(join(folder, "version"));
  expect(attempt(true)).toEqual(["gh view", "npm view", "npm publish"]);
  expect(attempt(false)).toEqual(["gh view", "npm view", "npm publish"]);
});
