import { setTimeout as sleep } from "node:timers/promises";
import { EnvironmentError } from "../errors/environment-error.ts";
import { UserError } from "../errors/user-error.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { Branch } from "./branch.ts";
import { type CommitPlan, makeCommits } from "./git/commits.ts";
import type { GitError } from "./git/failure.ts";
import type { Identity } from "./git/identity.ts";
import { openSnapshot, type Snapshot, type SnapshotSource } from "./snapshot.ts";

export interface Writer extends SnapshotSource {
  branch(): Promise<Branch>;
  /** Asked for only by writes, so that reading works for whoever has no name. */
  identity(): Promise<Identity>;
  /** The tip that was fetched last, once: null when nothing was since the last write. */
  takeFetched(): string | null;
  clock: Clock;
  log: Log;
  /** Bytes above which a model goes to the store, and a reference to the branch. */
  largestInGit: number;
  /** 0 ≤ x < 1. */
  random(): number;
}

/** What to write on one state of the branch. Without commits there is nothing to do, and the branch stays as it is. */
export interface WritePlan<T> {
  commits: readonly CommitPlan[];
  /** `ids` are those of the commits, oldest first. */
  result(ids: readonly string[]): T;
}

export interface WriteContext {
  /** Throws GitError when git does not know who writes. */
  identity: Identity;
  now: Date;
}

/** Called with each state of the branch that the write is attempted on: `snapshot.tip` is never null. */
export type Planner<T> = (snapshot: Snapshot & { tip: string }, context: WriteContext) => Promise<WritePlan<T>>;

const deadlineMinutes = 5;
/** Rejections in a row while nobody moved the branch: then it isn't a race but a lock that was left behind. */
const patience = 12;
/** Milliseconds: the first wait is up to `shortWait`, each further one up to twice as long, so that a crowd thins out. */
const [shortWait, longWait] = [200, 4000];

/**
 * Compare-and-swap: plans on the fetched tip, makes the commits, pushes; when somebody else was first, plans again on what
 * he wrote. Some writer always gets through, and the wait is random, so each does in the end.
 */
export async function writeBranch<T>(writer: Writer, plan: Planner<T>): Promise<T> {
  const written = await writeOnFetched(writer, plan);
  if (written) return written.result;
  return compareAndSwap(writer, async (branch, tip) => {
    if (tip === null) throw missingBranch(branch);
    return attempt(writer, branch, tip, plan);
  });
}

/**
 * One attempt on what was fetched before, which spares a fetch: the push says whether the branch is still there. null when
 * it is not, and when there is nothing to write or no way to, which only what the branch is now may tell.
 */
async function writeOnFetched<T>(writer: Writer, plan: Planner<T>): Promise<{ result: T } | null> {
  const tip = writer.takeFetched();
  if (tip === null) return null;
  try {
    const tried = await attempt(writer, await writer.branch(), tip, plan);
    return "result" in tried && tried.wrote ? tried : null;
  } catch (error) {
    if (error instanceof UserError) return null;
    throw error;
  }
}

/** One attempt on a state of the branch (null: it does not exist yet): its result, or why the branch did not move. */
export type Attempt<T> = (branch: Branch, tip: string | null) => Promise<{ result: T } | { error: GitError }>;

/** Attempts on the fetched tip, the first on the one `seen` last when that is enough, until the branch moves, for some minutes at most. */
export async function compareAndSwap<T>(
  writer: Pick<Writer, "branch" | "clock" | "random">,
  attemptOn: Attempt<T>,
  { deadline = deadlineMinutes, seen = false } = {},
): Promise<T> {
  const branch = await writer.branch();
  const started = writer.clock.now().getTime();
  let [stuck, lastTip]: [number, string | null] = [0, ""];
  for (let round = 0; ; round += 1) {
    const tip = await branch.tip(round > 0 || !seen);
    const rejected = await attemptOn(branch, tip);
    if ("result" in rejected) return rejected.result;
    stuck = tip === lastTip ? stuck + 1 : 0;
    lastTip = tip;
    const minutes = (writer.clock.now().getTime() - started) / 60_000;
    if (stuck >= patience || minutes >= deadline) throw givenUp(branch, rejected.error, stuck >= patience, deadline);
    await sleep(writer.random() * Math.min(longWait, shortWait * 2 ** round));
  }
}

async function attempt<T>(
  writer: Writer,
  branch: Branch,
  tip: string,
  plan: Planner<T>,
): Promise<{ result: T; wrote: boolean } | { error: GitError }> {
  const [snapshot, identity] = await Promise.all([openSnapshot(writer, tip), writer.identity()]);
  const now = writer.clock.now();
  const { commits, result } = await plan({ ...snapshot, tip }, { identity, now });
  if (commits.length === 0) return { result: result([]), wrote: false };
  const ids = await makeCommits(writer.git, tip, commits, { identity, time: now });
  const moved = await branch.move(tip, ids.at(-1)!);
  return moved.state === "moved" ? { result: result(ids), wrote: true } : { error: moved.error };
}

/** The error of a command that needs the branch. */
export function missingBranch(branch: Branch): EnvironmentError {
  return new EnvironmentError(`there is no ${branch.title}\ncreate it once: mergeml init`, {
    tried: `reading ${branch.title}`,
    safe: "Nothing was changed.",
  });
}

function givenUp(branch: Branch, cause: GitError, stuck: boolean, deadline: number): EnvironmentError {
  const why = stuck ? "though nobody else writes" : `for ${deadline} minutes, as others were always first`;
  return new EnvironmentError(
    `${branch.title} could not be moved ${why}: ${cause.message}`,
    { tried: cause.tried, safe: cause.safe },
    { cause },
  );
}
