import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { Git } from "../registry/git/git.ts";
import type { Registry } from "../registry/registry.ts";
import type { MirroredModel } from "./mirror-model.ts";
import type { Trained } from "./run-facts.ts";

/** What was copied to which server. */
export interface MirrorResult {
  url: string;
  models: MirroredModel[];
  /** Models that could not be mirrored, while the server answered. */
  failed: { model: string; error: Error }[];
}

/** A copy of the registry on an MLflow server, one way: the registry branch is the truth. */
export interface MlflowMirror {
  /**
   * Makes the server's copy of these models equal to the registry; of all without names. Throws UserError when the settings are
   * wrong, and MlflowError when the server is down or refuses us.
   */
  sync(models?: readonly string[], signal?: AbortSignal): Promise<MirrorResult>;
  /** Adds the run in which a candidate was trained, unless it is there. */
  addRun(trained: Trained, signal?: AbortSignal): Promise<void>;
}

export interface MirrorOptions {
  env: Readonly<Record<string, string | undefined>>;
  git: Git;
  registry: Registry;
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
    async addRun(trained, signal) {
      const { addRun } = await import("./sync-models.ts");
      await addRun(options, trained, signal);
    },
  };
}
