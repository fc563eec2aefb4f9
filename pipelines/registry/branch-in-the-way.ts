import { GitError } from "./git/failure.ts";
import type { Git } from "./git/git.ts";

/** Where a branch was to be made: on a remote, or in this repository (null). */
interface WantedBranch {
  name: string;
  remote: string | null;
}

/**
 * The same failure, told by the branch that caused it: git keeps a name either as a branch or as a folder of branches. As it is
 * when no branch is in the way.
 */
export async function explainBranchInTheWay(git: Git, error: GitError, wanted: WantedBranch): Promise<GitError> {
  if (error.kind === "raced") return error;
  const [first, ...more] = await branchesInTheWay(git, wanted).catch(() => []); // the failure itself is told, then
  if (first === undefined) return error;
  const { name, remote } = wanted;
  const where = remote === null ? "of this repository" : `on ${remote}`;
  const others = more.length > 0 ? ` (and ${more.slice(0, 3).join(", ")}${more.length > 3 ? ", …" : ""})` : "";
  const rename =
    remote === null
      ? `git branch -m ${first} old-${first.replaceAll("/", "-")}`
      : `git fetch ${remote} ${first} && git push ${remote} FETCH_HEAD:refs/heads/old-${first.replaceAll("/", "-")} :${first}`;
  const message = `the branch ${first} ${where}${others} is in the way of ${name}: git keeps a name either as a branch or as a folder of branches\ndelete it if nobody needs it, or rename it: ${rename}`;
  return new GitError("in-the-way", message, { ...error, stderr: error.stderr }, { cause: error });
}

async function branchesInTheWay(git: Git, { name, remote }: WantedBranch): Promise<string[]> {
  const parts = name.split("/");
  const above = parts.slice(1).map((_, index) => parts.slice(0, index + 1).join("/"));
  const patterns = [...above.map((each) => `refs/heads/${each}`), `refs/heads/${name}/*`];
  const listed =
    remote === null
      ? await git.text(["for-each-ref", "--format=%(refname)", "refs/heads"])
      : await git.text(["ls-remote", remote, ...patterns]);
  const branches = listed.split("\n").map((line) => line.replace(/^.*\t/, "").replace(/^refs\/heads\//, ""));
  return branches.filter((branch) => above.includes(branch) || branch.startsWith(`${name}/`));
}
