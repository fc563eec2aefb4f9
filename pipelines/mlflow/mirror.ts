import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { Git } from "../registry/git/git.ts";
import type { Registry } from "../registry/registry.ts";
import type { RunLog } from "../run-log/run-log.ts";
import type { Trained } from "./candidate-run.ts";
import type { MirroredModel } from "./mirror-model.ts";

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
