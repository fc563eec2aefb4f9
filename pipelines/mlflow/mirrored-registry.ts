import type { Log } from "../ports/log.ts";
import type { Registry } from "../registry/registry.ts";
import type { MlflowMirror } from "./mirror.ts";
import { type MirrorState, neverFail } from "./never-fail.ts";

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
