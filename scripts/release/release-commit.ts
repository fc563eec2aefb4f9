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
