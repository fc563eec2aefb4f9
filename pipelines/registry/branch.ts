import { UserError } from "../errors/expected-error.ts";
import type { Log } from "../ports/host.ts";
import { GitError } from "./git/failure.ts";
import type { Git } from "./git/git.ts";
import { readAllObjects } from "./git/objects.ts";
import { fetchTreeless, smallFiles } from "./git/treeless.ts";
import { findElsewhere, findRemote } from "./remote.ts";

/** How an attempt to move the branch ended. Only `moved` wrote; `raced` and `locked` are worth another attempt. */
type MoveOutcome = { state: "moved" } | { state: "raced" | "locked"; error: GitError };

/** The registry branch: where its truth is, and the one way to change it, a compare-and-swap. */
export interface Branch {
  readonly name: string;
  /** `branch registry on origin`, for messages. */
  readonly title: string;
  /** null for a local branch. */
  readonly remote: string | null;
  /**
   * null when the branch does not exist. Without `fetch`, as last seen. Without `history`, a first fetch may leave the folders of
   * earlier commits to whoever reads them.
   */
  tip(fetch: boolean, options?: { history?: boolean }): Promise<string | null>;
  /** Moves the branch from `from` (null: it must not exist) to `to`, a descendant. Throws GitError when it can't be. */
  move(from: string | null, to: string): Promise<MoveOutcome>;
}

interface BranchOptions {
  git: Git;
  name: string;
  log: Log;
  /** undefined: as `findRemote` says. null: none. */
  remote: string | null | undefined;
  /** What its fetches leave out; null for what the remote's settings say. */
  filter?: string | null;
}

/** The branch on the remote when there is one, else the local branch. Decided once, at the first call. */
export function openBranch(options: BranchOptions): () => Promise<Branch> {
  let opened: Promise<Branch> | undefined;
  return () => (opened ??= chooseBranch(options));
}

async function chooseBranch(options: BranchOptions): Promise<Branch> {
  const { git, name, log, filter = null } = options;
  const remote = options.remote === undefined ? await findRemote(git) : options.remote;
  return remote === null ? localBranch(git, name) : remoteBranch({ git, name, log, filter, remote });
}

/** What to say when the branch is not where it is looked for, but somewhere else in this repository; null when it is nowhere. */
export async function tellElsewhere(git: Git, { name, title, remote }: Branch): Promise<string | null> {
  const { remotes, local } = await findElsewhere(git, name, remote);
  const [other] = remotes;
  if (other !== undefined)
    return `there is no ${title}, but one on ${other}. To use that one let main track it (git branch --set-upstream-to=${other}/main main), or write remote: ${other} in mergeml.yaml`;
  return local && remote !== null
    ? `there is no ${title}, but a local branch ${name}, which nobody else sees. To go on with it: git push ${remote} ${name}`
    : null;
}

const unchanged =
  "The registry branch is as it was: a version is registered whole or not at all. Running the same command again is safe.";

interface RemoteBranch {
  git: Git;
  name: string;
  log: Log;
  filter: string | null;
  remote: string;
}

function remoteBranch(options: RemoteBranch): Branch {
  const { git, name, remote } = options;
  const tracking = `refs/remotes/${remote}/${name}`;
  return {
    name,
    title: `branch ${name} on ${remote}`,
    remote,
    tip: async (fetch, { history = true } = {}) =>
      (!fetch && (await refTip(git, tracking))) || fetchTip(options, tracking, history),
    move: async (from, to) => {
      // The lease forces nothing, as `to` descends from `from`: it lets the remote take `to` only where `from` still is, also
      // when the branch was deleted or cut back since.
      const args = [
        "push",
        "--porcelain",
        "--progress",
        "--no-verify",
        "--no-recurse-submodules",
        `--force-with-lease=refs/heads/${name}:${from ?? ""}`,
        remote,
        `${to}:refs/heads/${name}`,
      ];
      const push = () => git.run(args, { safe: unchanged, reasonOnStdout: true, progress: true });
      return orRace(from === null ? orInTheWay(git, { name, remote }, push) : push);
    },
  };
}

/**
 * The remote's tip, its objects fetched. The tracking ref is a by-product: when its lock is taken (another fetch in this
 * clone, or one that was killed) the tip is asked for without it.
 */
async function fetchTip(
  { git, remote, name, log, filter }: RemoteBranch,
  tracking: string,
  history: boolean,
): Promise<string | null> {
  const branch = `refs/heads/${name}`;
  const fetch = [
    "fetch",
    "--progress",
    "--no-tags",
    "--no-write-fetch-head",
    "--no-prune",
    "--no-recurse-submodules",
    "--no-auto-maintenance",
    "--refmap=",
  ];
  const whole = [...fetch, ...(filter === null ? [] : [`--filter=${filter}`]), remote];
  try {
    const isFirst = !history && filter === smallFiles && (await refTip(git, tracking)) === null;
    if (isFirst) await fetchTreeless(git, { remote, branch, tracking, fetch });
    else await git.run([...whole, `+${branch}:${tracking}`], { progress: true });
    return await refTip(git, tracking);
  } catch (error) {
    if (!(error instanceof GitError)) throw error;
    if (error.kind === "missing-ref") return null;
    if (!["locked", "raced", "in-the-way"].includes(error.kind)) throw error;
    log.info(`reading ${name} without its tracking ref: ${error.message}`);
    const [line = ""] = (await git.text(["ls-remote", remote, branch])).split("\n");
    await git.run([...whole, branch], { progress: true });
    return line.split("\t", 1)[0] || null;
  }
}

function localBranch(git: Git, name: string): Branch {
  const ref = `refs/heads/${name}`;
  return {
    name,
    title: `local branch ${name}`,
    remote: null,
    tip: () => refTip(git, ref),
    move: async (from, to) => {
      await refuseCheckedOut(git, ref, name);
      const none = "0".repeat(to.length);
      const update = () => git.run(["update-ref", "-m", "mergeml", ref, to, from ?? none], { safe: unchanged });
      return orRace(from === null ? orInTheWay(git, { name, remote: null }, update) : update);
    },
  };
}

async function refTip(git: Git, ref: string): Promise<string | null> {
  const [commit] = await readAllObjects(git, [`${ref}^{commit}`]);
  return commit?.oid ?? null;
}

/** Moving a branch under a work tree that has it checked out would make its files look edited. */
async function refuseCheckedOut(git: Git, ref: string, name: string): Promise<void> {
  const worktrees = (await git.text(["worktree", "list", "--porcelain"])).split("\n\n");
  const folder = worktrees.find((each) => each.split("\n").includes(`branch ${ref}`))?.match(/^worktree (.*)$/m)?.[1];
  if (folder === undefined) return;
  throw new UserError({
    message: `the registry branch ${name} is checked out in ${folder}, so it cannot be written to`,
    hint: `switch that folder to another branch first: git -C ${folder} switch main`,
  });
}

/** Making a branch, where a failure names the branch that kept it from being made. */
function orInTheWay(
  git: Git,
  wanted: { name: string; remote: string | null },
  make: () => Promise<unknown>,
): () => Promise<unknown> {
  return async () => {
    try {
      return await make();
    } catch (error) {
      throw error instanceof GitError ? await explainBranchInTheWay(git, error, wanted) : error;
    }
  };
}

async function orRace(move: () => Promise<unknown>): Promise<MoveOutcome> {
  try {
    await move();
    return { state: "moved" };
  } catch (error) {
    if (!(error instanceof GitError) || (error.kind !== "raced" && error.kind !== "locked")) throw error;
    return { state: error.kind, error };
  }
}

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
