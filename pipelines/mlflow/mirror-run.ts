import { createMissing, findOrCreate } from "./find-or-create.ts";
import type { MlflowApi, MlflowRun, Tag } from "./mlflow-api.ts";
import { MlflowError } from "./mlflow-error.ts";
import { mirrorTags, type RunFacts } from "./run-facts.ts";
import { parentTag } from "./trial-runs.ts";

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

/** The run with its params, metrics, tags and trials; one that ended there already is left as it is, but for missing trials. */
export async function mirrorRun(
  api: MlflowApi,
  experiment: string,
  facts: RunFacts,
): Promise<{ run: MlflowRun; created: boolean }> {
  const { mark, name } = facts;
  const find = async () => (await api.findRuns(experiment, { [mark.key]: mark.value }))[0] ?? null;
  const there = await find();
  const create = () => api.createRun(newRun(experiment, facts, [mark]));
  const run = there ?? (await createMissing(`the run of ${name}`, find, create));
  if (facts.trials.length > 0) await mirrorTrials(api, run.info, facts.trials);
  // Only a run whose facts are all there has ended: one that was cut short is completed.
  if (run.info.status === "RUNNING") await completeRun(api, run.info.run_id, facts);
  return { run, created: there === null };
}

/** The runs of a search's trials below the run of its candidate. */
async function mirrorTrials(api: MlflowApi, parent: MlflowRun["info"], trials: readonly RunFacts[]): Promise<void> {
  const { experiment_id: experiment, run_id } = parent;
  const below = { [parentTag]: run_id };
  const there = new Map(
    (await api.findRuns(experiment, below)).map((run) => [tagOf(run.data?.tags, mirrorTags.trial), run]),
  );
  for (const trial of trials) {
    const { mark, name } = trial;
    const known = there.get(mark.value);
    const run =
      known ??
      (await createMissing(
        `the run of ${name}`,
        async () => (await api.findRuns(experiment, { ...below, [mark.key]: mark.value }))[0] ?? null,
        () => api.createRun(newRun(experiment, trial, toTags({ ...below, [mark.key]: mark.value }))),
      ));
    if (run.info.status === "RUNNING") await completeRun(api, run.info.run_id, trial);
  }
}

function newRun(experiment_id: string, { name, started }: RunFacts, tags: Tag[]) {
  return { experiment_id, run_name: name, start_time: started, tags };
}

/** In as few requests as MLflow's limits allow; the end comes last. */
async function completeRun(api: MlflowApi, runId: string, facts: RunFacts): Promise<void> {
  const params = chunks(
    [...facts.params].map(([key, value]) => ({ key, value })),
    paramsPerBatch,
  );
  const metrics = chunks(facts.metrics, metricsPerBatch);
  for (let at = 0; at < Math.max(params.length, metrics.length, 1); at += 1) {
    const tags = at === 0 ? toTags(facts.tags) : [];
    await api.logBatch(runId, { params: params[at] ?? [], metrics: metrics[at] ?? [], tags });
  }
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
