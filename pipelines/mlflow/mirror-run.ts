import { findOrCreate } from "./find-or-create.ts";
import type { MlflowApi, MlflowRun, Tag } from "./mlflow-api.ts";
import { MlflowError } from "./mlflow-error.ts";
import { mirrorTags, type RunFacts } from "./run-facts.ts";

/** What one `log-batch` may hold, with room below MLflow's limits of 1,000 entries, 100 params and 1 MB. */
const metricsPerBatch = 800;
const paramsPerBatch = 50;

/** Id of the model's experiment, which has the model's name. Throws MlflowError when somebody deleted it there. */
export async function mirrorExperiment(api: MlflowApi, model: string): Promise<string> {
  const { found } = await findOrCreate(
    `the experiment ${model}`,
    () => api.experiment(model),
    () => api.createExperiment(model),
  );
  if (found.lifecycle_stage !== "deleted") return found.experiment_id;
  throw new MlflowError(
    `the experiment ${model} was deleted on the MLflow server: restore it there, or delete it for good (mlflow gc)`,
    `opening the experiment ${model}`,
    { status: null, code: null, unclear: false },
  );
}

/** The run with its params, metrics and tags; one that ended there already is left as it is. */
export async function mirrorRun(
  api: MlflowApi,
  experiment: string,
  facts: RunFacts,
): Promise<{ run: MlflowRun; created: boolean }> {
  const { candidate, name, started } = facts;
  const mark = { [mirrorTags.candidate]: candidate };
  const { found: run, created } = await findOrCreate(
    `the run of ${name}`,
    async () => (await api.findRuns(experiment, mark))[0] ?? null,
    () => api.createRun({ experiment_id: experiment, run_name: name, start_time: started, tags: toTags(mark) }),
  );
  // Only a run whose facts are all there has ended: one that was cut short is completed.
  if (run.info.status === "RUNNING") await completeRun(api, run.info.run_id, facts);
  return { run, created };
}

async function completeRun(api: MlflowApi, runId: string, facts: RunFacts): Promise<void> {
  const { params, metrics, tags } = facts;
  const entries = [...params].map(([key, value]) => ({ key, value }));
  for (const part of chunks(entries, paramsPerBatch))
    await api.logBatch(runId, { params: part, metrics: [], tags: [] });
  for (const part of chunks(metrics, metricsPerBatch))
    await api.logBatch(runId, { params: [], metrics: part, tags: [] });
  await api.logBatch(runId, { params: [], metrics: [], tags: toTags(tags) });
  await api.endRun(runId, facts.status, facts.ended);
}

/** A record of texts in the form of MLflow's requests. */
export function toTags(record: Readonly<Record<string, string>>): Tag[] {
  return Object.entries(record).map(([key, value]) => ({ key, value }));
}

/** The value of a tag; undefined when it is not set. */
export function tagOf(tags: readonly Tag[] | undefined, key: string): string | undefined {
  return tags?.find((tag) => tag.key === key)?.value;
}

function chunks<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.slice(i * size, (i + 1) * size));
}
