import type { Clock, Log } from "../ports/host.ts";
import { type Branch, openBranch } from "../registry/branch.ts";
import type { Git } from "../registry/git/git.ts";
import { type CommitPlan, makeCommits, readAllObjects } from "../registry/git/objects.ts";
import { type Attempt, compareAndSwap } from "../registry/write-branch.ts";
import { type BrokenRun, dequeue, type QueuedRun, readQueue, runText } from "./run-queue.ts";
import { type RunRecord, runPath } from "./run-record.ts";

/** The branch the runs are kept on; it shares no history with any other. */
const runsBranch = "mergeml/runs";

export interface RunPusher {
  git: Git;
  /** The remote that has the branch; null when there is none. */
  remote: string | null;
  clock: Clock;
  log: Log;
  /** 0 ≤ x < 1, for the wait between attempts; Math.random by default. */
  random?: () => number;
}

export interface PushedRuns {
  /** Runs that were added to the branch now. */
  pushed: number;
  /** Runs that were on it before, e.g. because the answer to an earlier push was lost. */
  present: number;
  /** Runs that stay in the queue because there is no remote. */
  waiting: number;
  broken: BrokenRun[];
}

/** A push that others are always faster than is left to the next one. */
const deadlineMinutes = 2;

/**
 * Pushes the runs of these queue folders to the branch, each as a new file, in one commit, and takes them off their queues.
 * Files that hold no run are reported and stay. Throws GitError when the remote refuses or cannot be reached; the runs then stay.
 */
export async function pushRuns(pusher: RunPusher, folders: readonly string[]): Promise<PushedRuns> {
  const queues = await Promise.all(folders.map((folder) => readQueue(folder)));
  const queued = queues.flatMap(({ runs }) => runs);
  const broken = queues.flatMap((queue) => queue.broken);
  if (queued.length === 0 || pusher.remote === null) return { pushed: 0, present: 0, waiting: queued.length, broken };
  const pushed = await addToBranch(pusher, queued);
  await dequeue(queued);
  return { pushed, present: queued.length - pushed, waiting: 0, broken };
}

/** Opens the branch of the runs: on the remote when there is one, else the local branch, which then does not exist. */
export function openRunsBranch({ git, remote, log }: Pick<RunPusher, "git" | "remote" | "log">): Promise<Branch> {
  return openBranch({ git, name: runsBranch, log, remote })();
}

async function addToBranch(pusher: RunPusher, queued: readonly QueuedRun[]): Promise<number> {
  const records = [...new Map(queued.map(({ record }) => [record.id, record])).values()];
  const written = await writeRunsBranch(
    pusher,
    async (tip) => {
      const missing = await missingAt(pusher.git, tip, records);
      const changes = missing.map((record) => ({ path: runPath(record), content: runText(record) }));
      return missing.length === 0 ? null : { message: messageOf(missing), changes };
    },
    true,
  );
  return written?.changes.length ?? 0;
}

/**
 * Adds a commit to the branch, planned from its tip, and anew when others were faster. `seen`: the tip of the last fetch will do at
 * first. null: there was nothing to write.
 */
export async function writeRunsBranch(
  pusher: RunPusher,
  plan: (tip: string | null) => Promise<CommitPlan | null>,
  seen = false,
): Promise<CommitPlan | null> {
  const { git, clock, random = Math.random } = pusher;
  const identity = await git.identity();
  const add: Attempt<CommitPlan | null> = async (branch, tip) => {
    const planned = await plan(tip);
    if (planned === null) return { result: null };
    const [commit] = await makeCommits(git, tip, [planned], { identity, time: clock.now() });
    const moved = await branch.move(tip, commit!);
    return moved.state === "moved" ? { result: planned } : { error: moved.error };
  };
  return compareAndSwap({ branch: () => openRunsBranch(pusher), clock, random }, add, {
    deadline: deadlineMinutes,
    seen,
  });
}

/** The log is append-only: a path that is taken stays as it is. */
async function missingAt(git: Git, tip: string | null, records: readonly RunRecord[]): Promise<RunRecord[]> {
  if (tip === null) return [...records];
  const there = await readAllObjects(
    git,
    records.map((record) => `${tip}:${runPath(record)}`),
  );
  return records.filter((_, index) => !there[index]);
}

function messageOf(records: readonly RunRecord[]): string {
  const models = [...new Set(records.map(({ model }) => model))];
  const some = models.slice(0, 3).join(", ") + (models.length > 3 ? ", …" : "");
  return `runs: ${records.length} of ${some}\n`;
}
