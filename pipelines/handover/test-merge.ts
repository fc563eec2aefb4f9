import { UserError } from "../errors/expected-error.ts";
import { readObject } from "../registry/git/objects.ts";
import { fetchCommit, type Workspace } from "../workspace/workspace.ts";

type Repository = Pick<Workspace, "git" | "remote">;

/** What is known of a pull request from the server, never from its own jobs. */
export interface KnownHead {
  headSha: string;
  /** The commit that the server made of the head and its base branch; null when there is none. */
  merge: string | null;
  /** Name of the branch it goes to; null: what is checked out here. */
  baseRef: string | null;
  /** The commit that the head began from, where that is known: what the branch did since is no change of the head's. */
  base?: string;
}

/** Where a pull request's models are read, and the commit that they are compared with. */
export interface JudgedCommit {
  commit: string;
  base: string;
}

/**
 * The commit to judge a pull request by, when another job planned `planned`. A plan of the head is judged by the head, whose
 * parents say nothing: it may be a merge of anything. Any other plan must be of a merge with the head, and is judged by the
 * merge that the server holds now: made of the newest base branch, and by nobody else. Throws UserError when there is none.
 */
export async function judgedCommit(repository: Repository, planned: string, known: KnownHead): Promise<JudgedCommit> {
  const { headSha, merge, baseRef, base: began } = known;
  if (planned === headSha && began !== undefined) {
    await fetchCommit(repository, began);
    return { commit: headSha, base: began };
  }
  if (planned === headSha) return { commit: headSha, base: await tipOf(repository, baseRef) };
  if (planned !== merge && !(await isMergeWith(repository, planned, headSha))) throw notOurs(planned);
  const base = merge === null ? null : await firstParent(repository, merge, headSha);
  if (merge === null || base === null) throw noMerge(headSha);
  await fetchCommit(repository, base);
  return { commit: merge, base };
}

async function tipOf(repository: Repository, branch: string | null): Promise<string> {
  if (branch === null) return "HEAD";
  const listed = await repository.git.text(["ls-remote", repository.remote ?? "origin", `refs/heads/${branch}`]);
  const tip = /^([0-9a-f]{40,64})\t/.exec(listed)?.[1];
  if (tip === undefined)
    throw new UserError({
      message: `there is no branch ${branch.slice(0, 100)} to compare with`,
      hint: "is it merged?",
    });
  await fetchCommit(repository, tip);
  return tip;
}

async function isMergeWith(repository: Repository, commit: string, headSha: string): Promise<boolean> {
  return (await firstParent(repository, commit, headSha)) !== null;
}

/** The base of a merge of exactly a base and `headSha`, in that order; null for any other commit. */
async function firstParent(repository: Repository, commit: string, headSha: string): Promise<string | null> {
  await fetchCommit(repository, commit);
  // Not rev-list: in a shallow clone it hides the parents that are not here.
  const [headers = ""] = (await readObject(repository.git, commit)).toString("utf8").split("\n\n", 1);
  const [first, second, ...more] = [...headers.matchAll(/^parent ([0-9a-f]{40,64})$/gm)].map(([, parent]) => parent);
  return first !== undefined && second === headSha && more.length === 0 ? first : null;
}

function notOurs(commit: string): UserError {
  const message = `the plan is of commit ${commit.slice(0, 7)}, which is not this pull request's`;
  return new UserError({ message, hint: "run the workflow again" });
}

function noMerge(headSha: string): UserError {
  const message = `there is no merge of ${headSha.slice(0, 7)} with its base branch`;
  return new UserError({ message, hint: "resolve the conflicts, or push again; then run the workflow again" });
}
