import { dirname } from "node:path";
import type { LoadedModel } from "../config/load-models.ts";
import type { ModelConfig } from "../config/model-config.ts";
import { type Clock, isCi, type Log } from "../ports/host.ts";
import { GitError } from "../registry/git/failure.ts";
import type { Git } from "../registry/git/git.ts";
import type { VersionRecord } from "../registry/version-record.ts";
import type { FoundDrift } from "./found-drift.ts";
import type { PushedRuns, RunPusher } from "./push-runs.ts";
import type { ReadRuns } from "./read-runs.ts";
import type { RunEvent, RunRecord } from "./run-record.ts";

/** Where every training is written down, registered or not. Losing it loses no model. */
export interface RunLog {
  /** Adds the run of a candidate; a failure is a warning. */
  add(
    trained: Pick<VersionRecord, "candidate" | "evaluation" | "verdict">,
    run: { event: RunEvent; version: number | null },
  ): Promise<void>;
  /** Adds the run of a training that failed; a failure to do so is a warning. */
  addFailure(config: ModelConfig, folder: string, error: unknown, event: RunEvent): Promise<void>;
  /** All runs, of one model when it is named; when the remote cannot be reached, as last seen. */
  read(model?: string): Promise<ReadRuns>;
  /** Tells other machines what the last check of each model found; a failure is a warning. */
  keepDrift(found: readonly FoundDrift[]): Promise<void>;
  /** What the last checks of jobs found, by model; when the remote cannot be reached, as last seen. */
  readDrift(): Promise<Map<string, FoundDrift>>;
  /** Pushes what waits here, and in other folders. Throws GitError when the remote refuses. */
  push(folders?: readonly string[]): Promise<PushedRuns>;
}

interface RunLogOptions {
  root: string;
  git: Git;
  /** `CI` decides whether a train pushes its run, and git's own variables who writes. */
  env: Readonly<Record<string, string | undefined>>;
  remote: string | null;
  clock: Clock;
  log: Log;
}

/** A deploy does not wait longer than this for one git command of its log. */
const timeoutSeconds = 60;

/** Opens the run log of a repository. Nothing is read or loaded until it is used. */
export function openRunLog(options: RunLogOptions): RunLog {
  const { root, env, clock, log } = options;
  const git = options.git.within(timeoutSeconds);
  const pusher = { ...options, git };
  // Who reads runs and drift at once fetches the branch once, and is warned once.
  let asked: Promise<string | null> | null = null;
  const tip = () =>
    (asked ??= tipOf(pusher).finally(() => {
      asked = null;
    }));
  const push: RunLog["push"] = async (folders = []) => {
    const [{ pushRuns }, { queueFolder }] = await Promise.all([import("./push-runs.ts"), import("./run-queue.ts")]);
    return pushRuns(pusher, [queueFolder(root), ...folders]);
  };
  const keep = (event: RunEvent, make: (context: { event: RunEvent; time: Date; by: string }) => Promise<RunRecord>) =>
    neverFail(options, async (written) => {
      const { queueRun } = await import("./run-queue.ts");
      await queueRun(root, await make({ event, time: clock.now(), by: await whoRuns(git) }));
      written();
      if (options.remote !== null && (event !== "train" || isCi(env))) await push();
    });
  return {
    push,
    add: (trained, { event, version }) =>
      keep(event, async (context) => (await import("./run-record.ts")).runRecordOf(trained, version, context)),
    addFailure: (config, folder, error, event) =>
      keep(event, async (context) => {
        const [commit, dirty] = await Promise.all([git.headCommit(), git.isDirty(folder)]);
        const { failedRunOf } = await import("./run-record.ts");
        return failedRunOf(config, messageOf(error), { ...context, commit, dirty });
      }),
    async read(model) {
      const [{ readRuns }, { queueFolder }] = await Promise.all([import("./read-runs.ts"), import("./run-queue.ts")]);
      return readRuns(git, await tip(), queueFolder(root), model);
    },
    async keepDrift(found) {
      try {
        await (await import("./keep-drift.ts")).keepDrift(pusher, found);
      } catch (error) {
        log.warn(
          `what the checks found is not on the run log's branch: ${messageOf(error)}\n  All else is as it should be.`,
        );
      }
    },
    async readDrift() {
      return (await import("./keep-drift.ts")).readDrift(git, await tip());
    },
  };
}

/** The branch now, else as last seen. */
async function tipOf(pusher: RunPusher): Promise<string | null> {
  const { openRunsBranch } = await import("./push-runs.ts");
  const branch = await openRunsBranch(pusher);
  return branch.tip(true).catch(async (error: Error) => {
    pusher.log.warn(`the run log is shown as last seen: ${error.message}`);
    return branch.tip(false).catch(() => null); // never fetched, and out of reach: only the queue is known
  });
}

async function neverFail(
  { log, env }: Pick<RunLogOptions, "log" | "env">,
  work: (written: () => void) => Promise<void>,
): Promise<void> {
  let isWritten = false;
  try {
    await work(() => {
      isWritten = true;
    });
  } catch (error) {
    if (!isWritten) return log.warn(`the run is not written down: ${messageOf(error)}\n  All else is as it should be.`);
    log.warn(
      `the run is not on the run log's branch: ${messageOf(error)}\n  All else is as it should be. ${isCi(env) ? "It is in .mergeml/runs, and lost with this job unless that is kept" : "It waits in .mergeml/runs for the next push: mergeml runs --push"}`,
    );
  }
}

/** Git's name for whoever runs this; it need not know one, as nothing is committed yet. */
async function whoRuns(git: Git): Promise<string> {
  try {
    return (await git.identity()).name.slice(0, 200);
  } catch (error) {
    if (error instanceof GitError) return "unknown";
    throw error;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Trains, and adds a run in state `error` when that throws. The error goes on to the caller. */
export async function logFailure<T>(
  runs: RunLog,
  { config, file }: LoadedModel,
  event: RunEvent,
  training: () => Promise<T>,
): Promise<T> {
  try {
    return await training();
  } catch (error) {
    await runs.addFailure(config, dirname(file), error, event);
    throw error;
  }
}
