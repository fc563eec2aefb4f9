import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";

/** Who makes the commit, whoever starts the workflow: the same sources give the same commit. */
const maker = { name: "mergeml release", email: "release@mergeml.invalid" };

/**
 * Makes the commit of a release on top of the sources' own, with another tree: what `npm run package` wrote, and no source. It is
 * tagged and on no branch. Returns its id.
 */
export function makeReleaseCommit(root: string, tree: string, tag: string): string {
  const index = join(root, ".git", `release-${process.pid}.index`);
  const git = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
    execFileSync("git", args, { cwd: root, encoding: "utf8", env: { ...process.env, ...env } }).trim();
  try {
    git(["--work-tree", tree, "add", "--all", "--force", "."], { GIT_INDEX_FILE: index });
    const written = git(["write-tree"], { GIT_INDEX_FILE: index });
    const date = git(["show", "-s", "--format=%cI", "HEAD"]);
    const env = {
      ...{ GIT_AUTHOR_NAME: maker.name, GIT_AUTHOR_EMAIL: maker.email, GIT_AUTHOR_DATE: date },
      ...{ GIT_COMMITTER_NAME: maker.name, GIT_COMMITTER_EMAIL: maker.email, GIT_COMMITTER_DATE: date },
    };
    const commit = git(["commit-tree", written, "-p", "HEAD", "-m", `Release ${tag}`], env);
    git(["tag", "--no-sign", tag, commit]);
    return commit;
  } finally {
    rmSync(index, { force: true });
  }
}

/** A version's part of the changelog. */
interface ReleaseNotes {
  version: string;
  text: string;
}

const heading = /^## \[?(\d+\.\d+\.\d+(?:-[\w.]+)?)\]?(?: - \d{4}-\d\d-\d\d)?\s*$/;

/** The newest version that the changelog has a heading of, with what it says; null when all is unreleased. */
export function newestRelease(changelog: string): ReleaseNotes | null {
  const lines = changelog.split("\n");
  const start = lines.findIndex((line) => heading.test(line));
  if (start < 0) return null;
  const length = lines.slice(start + 1).findIndex((line) => line.startsWith("## "));
  const end = length < 0 ? lines.length : start + 1 + length;
  return {
    version: heading.exec(lines[start]!)![1]!,
    text: lines
      .slice(start + 1, end)
      .join("\n")
      .trim(),
  };
}

/** The tag that moves with a major version: `v0` of `v0.3.1`; null of a version that is none to rely on yet. */
export function floatingTag(version: string): string | null {
  return version.includes("-") ? null : `v${version.split(".")[0]}`;
}
