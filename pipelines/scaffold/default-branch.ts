import type { Git } from "../registry/git/git.ts";

/** The branch that merges go to. */
export interface DefaultBranch {
  name: string;
  /** There is a remote without any branch: a server makes the first that it gets its default one. */
  isRemoteEmpty: boolean;
}

/** The remote's default branch; without a remote, or an answer of it, the one that is checked out, else main. */
export async function readDefaultBranch(git: Git, remote: string | null): Promise<DefaultBranch> {
  const listed = remote === null ? null : await git.text(["ls-remote", "--symref", remote, "HEAD", "refs/heads/*"]);
  const told = /^ref: refs\/heads\/(\S+)\tHEAD$/m.exec(listed ?? "")?.[1];
  return { name: told ?? (await checkedOut(git)) ?? "main", isRemoteEmpty: listed === "" };
}

/** null when a commit is checked out, not a branch. */
async function checkedOut(git: Git): Promise<string | null> {
  const { code, stdout } = await git.run(["symbolic-ref", "--quiet", "--short", "HEAD"], { allow: [1] });
  return code === 0 ? stdout.toString("utf8").trim() : null;
}
