import type { Log } from "../ports/log.ts";
import type { Registry } from "../registry/registry.ts";
import type { MlflowMirror } from "./mirror.ts";

/** How the copy to MLflow went after a write; it never decides how the write went. */
type MirrorState = { state: "mirrored" } | { state: "failed"; message: string };

/** After this long a deploy goes on without the mirror. */
const patienceMs = 5 * 60_000;

/**
 * The registry, each of whose writes is followed by a copy to MLflow. The write stands whatever happens there: a failure is a
 * warning that says how to repair it. Results gain a field `mlflow`, which `--json` shows.
 */
export function mirroredRegistry(registry: Registry, mirror: MlflowMirror, log: Log): Registry {
  const after = async <T>(model: string, result: T): Promise<T & { mlflow: MirrorState }> => ({
    ...result,
    mlflow: await copy(mirror, log, model),
  });
  return {
    ...registry,
    register: async (input) => after(input.candidate.config.name, await registry.register(input)),
    promote: async (model, version, options) => after(model, await registry.promote(model, version, options)),
    rollback: async (model, options) => after(model, await registry.rollback(model, options)),
  };
}

async function copy(mirror: MlflowMirror, log: Log, model: string): Promise<MirrorState> {
  try {
    const { models, failed } = await mirror.sync([model], AbortSignal.timeout(patienceMs));
    for (const note of models.flatMap(({ notes }) => notes)) log.warn(note);
    const [failure] = failed;
    return failure ? told(log, model, failure.message) : { state: "mirrored" };
  } catch (error) {
    return told(log, model, (error as Error).message);
  }
}

function told(log: Log, model: string, message: string): MirrorState {
  log.warn(
    `not copied to MLflow: ${message}\n  The registry is as it should be. Repair the copy later: mergeml mlflow sync ${model}`,
  );
  return { state: "failed", message };
}
