import type { Clock, Log } from "../ports/host.ts";
import type { Git } from "../registry/git/git.ts";
import type { Registry } from "../registry/registry.ts";
import type { RunLog } from "../run-log/run-log.ts";
import type { MirroredModel, Trained } from "./mirror-model.ts";

/** What was copied to which server. */
export interface MirrorResult {
  url: string;
  models: MirroredModel[];
  /** Models that could not be mirrored, while the server answered. */
  failed: { model: string; error: Error }[];
}

/** How the runs of the run log got to the server; a candidate that was logged more than once is one run. */
export interface MirroredRuns {
  /** Runs that the server lacked. */
  created: number;
  /** Runs of which it had a part. */
  completed: number;
  /** Runs that it had. */
  present: number;
  /** Missing runs that are more than one sync copies; the next one goes on with them. */
  left: number;
  /** Files of the run log that hold no run. */
  broken: number;
  /** What the server refused; `run` null: all of a model's runs. */
  failed: { model: string; run: string | null; error: Error }[];
}

/** A copy of the registry on an MLflow server, one way: the registry branch is the truth. */
export interface MlflowMirror {
  /**
   * Makes the server's copy of these models equal to the registry; of all without names. Throws UserError when the settings are
   * wrong, and MlflowError when the server is down or refuses us.
   */
  sync(models?: readonly string[], signal?: AbortSignal): Promise<MirrorResult>;
  /** Adds every run of the run log that the server lacks, of one model when it is named. Throws as `sync` does. */
  syncRuns(model?: string, signal?: AbortSignal): Promise<MirroredRuns>;
  /** Adds the run in which a candidate was trained, unless it is there. */
  addRun(trained: Trained, signal?: AbortSignal): Promise<void>;
}

export interface MirrorOptions {
  env: Readonly<Record<string, string | undefined>>;
  git: Git;
  registry: Registry;
  runs: Pick<RunLog, "read">;
  clock: Clock;
  log: Log;
}

/** The mirror of MLFLOW_TRACKING_URI; null when that is not set. Nothing is read, loaded or sent until it is used. */
export function openMirror(options: MirrorOptions): MlflowMirror | null {
  if (!options.env.MLFLOW_TRACKING_URI?.trim()) return null;
  return {
    async sync(models, signal) {
      const { syncModels } = await import("./sync-models.ts");
      return syncModels(options, models, signal);
    },
    async syncRuns(model, signal) {
      const { syncRuns } = await import("./sync-runs.ts");
      return syncRuns(options, { ...(model !== undefined && { model }), ...(signal && { signal }) });
    },
    async addRun(trained, signal) {
      const { addRun } = await import("./sync-models.ts");
      await addRun(options, trained, signal);
    },
  };
}

/**
 * The registry, each of whose writes is followed by a copy to MLflow. The write stands whatever happens there. Results gain a
 * field `mlflow`, which `--json` shows.
 */
export function mirroredRegistry(registry: Registry, mirror: MlflowMirror, log: Log): Registry {
  const after = async <T>(model: string, result: T): Promise<T & { mlflow: MirrorState }> => ({
    ...result,
    mlflow: await neverFail(log, `mergeml mlflow sync ${model}`, (signal) => copyModel(mirror, log, model, signal)),
  });
  return {
    ...registry,
    register: async (input) => after(input.candidate.config.name, await registry.register(input)),
    promote: async (model, version, options) => after(model, await registry.promote(model, version, options)),
    rollback: async (model, options) => after(model, await registry.rollback(model, options)),
    async rollbackPromotion(model, judged) {
      const done = await registry.rollbackPromotion(model, judged);
      return done && after(model, done);
    },
  };
}

async function copyModel(mirror: MlflowMirror, log: Log, model: string, signal: AbortSignal): Promise<void> {
  const { models, failed } = await mirror.sync([model], signal);
  for (const note of models.flatMap(({ notes }) => notes)) log.warn(note);
  const [failure] = failed;
  if (failure) throw failure.error;
}

/** How the copy to MLflow went; it never decides how the work went that it copies. */
type MirrorState = { state: "mirrored" } | { state: "failed"; message: string };

/** After this long a deploy goes on without the mirror. */
const patienceMs = 5 * 60_000;

/** Copies to MLflow, and turns every failure into a warning that says how to repair the copy. */
async function neverFail(
  log: Log,
  repair: string,
  copy: (signal: AbortSignal) => Promise<unknown>,
): Promise<MirrorState> {
  try {
    await copy(AbortSignal.timeout(patienceMs));
    return { state: "mirrored" };
  } catch (error) {
    const { message } = error as Error;
    log.warn(`not copied to MLflow: ${message}\n  All else is as it should be. Repair the copy later: ${repair}`);
    return { state: "failed", message };
  }
}

/** Adds the run of a candidate that is not registered, kept or lost, to the MLflow server if there is one; never fails. */
export async function recordTraining(
  { mlflow, log }: { mlflow: MlflowMirror | null; log: Log },
  trained: Trained,
): Promise<void> {
  if (!mlflow) return;
  const { name } = trained.candidate.config;
  await neverFail(log, `mergeml mlflow sync ${name}`, (signal) =>
    log.step(
      "mlflow",
      () => mlflow.addRun(trained, signal),
      () => `run ${trained.candidate.id.slice(0, 14)} added`,
    ),
  );
}
