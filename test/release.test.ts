import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { floatingTag, newestRelease } from "../scripts/release/changelog.ts";
import { makeReleaseCommit } from "../scripts/release/release-commit.ts";
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
