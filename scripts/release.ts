import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import packageJson from "../package.json" with { type: "json" };
import { platforms, writeDist } from "./package/dist.ts";
import { floatingTag, makeReleaseCommit, newestRelease } from "./release/release-commit.ts";

/**
 * `next`: the version that the changelog has and no tag, as a step's outputs. `prepare owner/name`: writes dist/ with all that is
 * published of it, the release's commit included, and pushes nothing.
 */
async function main([step, repository = ""]: readonly string[]): Promise<void> {
  const root = join(import.meta.dirname, "..");
  const notes = newestRelease(readFileSync(join(root, "CHANGELOG.md"), "utf8"));
  if (step === "next") return tellNext(root, notes?.version ?? "");
  if (step !== "prepare" || !/^[\w.-]+\/[\w.-]+$/.test(repository))
    throw new Error("usage: release.ts next | prepare owner/name");
  if (!notes) throw new Error("CHANGELOG.md has no heading of a version, such as: ## 0.2.0 - 2026-11-28");
  if (notes.version !== packageJson.version)
    throw new Error(`CHANGELOG.md says ${notes.version} and package.json ${packageJson.version}: make them one`);
  const tag = `v${notes.version}`;
  const dist = join(root, "dist");
  await writeDist(root, dist, platforms, {
    repository,
    commitOf: (tree) => makeReleaseCommit(root, tree, tag),
  });
  writeFileSync(join(dist, "notes.md"), `${notes.text}\n`);
  execFileSync("git", ["bundle", "create", join(dist, "release.bundle"), `refs/tags/${tag}`, "^HEAD"], { cwd: root });
}

function tellNext(root: string, version: string): void {
  const tags = execFileSync("git", ["tag", "--list", `v${version}`], { cwd: root, encoding: "utf8" }).trim();
  const due = version !== "" && tags === "";
  console.log(`version=${version}\ndue=${due}\nfloating=${due ? (floatingTag(version) ?? "") : ""}`);
}

await main(process.argv.slice(2));
