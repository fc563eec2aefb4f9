import type { MirrorOptions, MirrorResult } from "./mirror.ts";
import { type MirroredModel, type MirrorSource, mirrorModel, type Trained, trainingRun } from "./mirror-model.ts";
import { mirrorExperiment, mirrorRun } from "./run-facts.ts";
import { concernsAll, openServer } from "./server-settings.ts";

/** Mirrors models one after the other; one that fails does not keep the others from being mirrored. */
export async function syncModels(
  { env, git, registry, clock, log }: MirrorOptions,
  only?: readonly string[],
  signal?: AbortSignal,
): Promise<MirrorResult> {
  const { api, url } = openServer({ env, clock }, signal);
  const snapshot = await registry.snapshot({ fetch: true });
  const source: MirrorSource = { api, git, registry, snapshot };
  const result: MirrorResult = { url, models: [], failed: [] };
  for (const model of only ?? (await snapshot.models())) {
    try {
      const mirror = (progress: MirrorSource["progress"]) => mirrorModel({ ...source, progress }, model);
      const work = log.step(
        "mlflow",
        ({ update }) => mirror((done, of) => update(done / of, `${done}/${of}`)),
        describe,
      );
      result.models.push(await work);
    } catch (error) {
      if (concernsAll(error)) throw error;
      result.failed.push({ model, error: error as Error });
    }
  }
  return result;
}

/** The run of one candidate, in the model's experiment. */
export async function addRun(options: MirrorOptions, trained: Trained, signal?: AbortSignal): Promise<void> {
  const { api } = openServer(options, signal);
  const facts = trainingRun(trained);
  await mirrorRun(api, await mirrorExperiment(api, facts.model), facts);
}

function describe({ model, created, alias }: MirroredModel): string {
  const versions = created.map(({ version }) => `v${version}`).join(", ");
  const moved = alias.version === null ? "alias production removed" : `alias production at v${alias.version}`;
  const done = [versions && `${versions} copied`, alias.changed && moved].filter(Boolean).join(", ");
  return `${model}: ${done || "up to date"}`;
}
