import { fewTrials, type NumberedTrial } from "../candidate/search/draw-trials.ts";
import type { TrialRecord } from "../candidate/search/score-trial.ts";
import type { CandidateRecord, VersionRecord } from "../registry/version-record.ts";
import type { TrainingCurve } from "../training/trainer.ts";
import {
  type BatchMetric,
  createMissing,
  findOrCreate,
  type MlflowApi,
  MlflowError,
  type MlflowRun,
  type Tag,
} from "./mlflow-api.ts";
import { mlflowValue, uniqueKeys } from "./mlflow-names.ts";

/** One run as MLflow shows it; times in milliseconds. */
export interface RunFacts {
  /** Names the experiment. */
  model: string;
  /** The tag by which the run is found again. */
  mark: Tag;
  name: string;
  started: number;
  ended: number;
  status: "FINISHED" | "FAILED";
  params: ReadonlyMap<string, string>;
  metrics: readonly BatchMetric[];
  tags: Readonly<Record<string, string>>;
  /** Runs below this one. */
  trials: readonly RunFacts[];
}

/** The tags that say what of ours a thing on the MLflow server mirrors. */
export const mirrorTags = {
  model: "mergeml.model",
  version: "mergeml.version",
  candidate: "mergeml.candidate",
  /** Of a training that failed: its run in the run log. */
  run: "mergeml.run",
  /** Of a search's trial: its number. */
  trial: "mergeml.trial",
  registryCommit: "mergeml.registry_commit",
} as const;

/** Characters that MLflow keeps of a run's tag. */
export const longestTag = 8000;

/** What the gate said; it may say something else later, when the candidate is registered. */
export function verdictTags({
  outcome,
  summary,
}: Pick<VersionRecord["verdict"], "outcome" | "summary">): Record<string, string> {
  return { "mergeml.verdict": outcome, "mergeml.verdict_summary": mlflowValue(summary, longestTag) };
}

/** What it was trained and scored on. */
export function dataTags({ train, test }: Record<"train" | "test", { fingerprint: string; rows: number }>) {
  return {
    "mergeml.train_data": `${train.fingerprint} (${train.rows} rows)`,
    "mergeml.test_data": `${test.fingerprint} (${test.rows} rows)`,
  };
}

/** Of the models' repository; empty outside one. */
export function commitTags({ commit, dirty }: { commit: string | null; dirty: boolean }): Record<string, string> {
  if (!commit) return {};
  const told = dirty ? `${commit}, with uncommitted changes` : commit;
  return { "mergeml.commit": told, "mlflow.source.git.commit": commit };
}

/** What the model was trained with: its params by their own names, `type` and `seed`; nested ones joined by dots. */
export function runParams({
  type,
  seed,
  task,
  params,
}: Pick<CandidateRecord["config"], "type" | "seed" | "task" | "params">): Map<string, string> {
  return flatParams(params, { type, task, seed });
}

/** Params as MLflow takes them, `first` before them; nested ones joined by dots. */
function flatParams(params: object, first: object = {}): Map<string, string> {
  return uniqueKeys(
    [...flatten(first), ...flatten(params)].map(([key, value]) => [key, mlflowValue(paramText(value))] as const),
  );
}

function paramText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function flatten(value: object, prefix = ""): [string, unknown][] {
  return Object.entries(value).flatMap(([key, each]: [string, unknown]): [string, unknown][] =>
    each !== null && typeof each === "object" && !Array.isArray(each)
      ? flatten(each, `${prefix}${key}.`)
      : [[`${prefix}${key}`, each]],
  );
}

/** A metric's name, and its values by step. */
type Points = readonly [string, readonly (readonly [number, number | null])[]];

/** Single values at step 0, and curves below `training/`; what is no finite number is left out. `timestamp` in milliseconds. */
export function metricPoints(
  values: readonly (readonly [string, number | null])[],
  curves: readonly TrainingCurve[],
  timestamp: number,
): BatchMetric[] {
  const single = values.map(([key, value]): Points => [key, [[0, value]]]);
  const series = curves.map(
    ({ metric, steps, values }): Points => [`training/${metric}`, steps.map((step, i) => [step, values[i] ?? null])],
  );
  return [...uniqueKeys([...single, ...series])].flatMap(([key, points]) =>
    points.flatMap(([step, value]) => (isNumber(value) ? [{ key, value, timestamp, step: Math.round(step) }] : [])),
  );
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

/** The tag by which MLflow shows a run below another. */
export const parentTag = "mlflow.parentRunId";

/** Runs of trials below one candidate's: each takes a few requests of every deploy's time. */
const mostTrialRuns = 100;

/** What was tried, and by which metric; null where an old record of the run log does not say. */
interface Tried {
  trials: readonly (TrialRecord & { number?: number })[];
  metric: string | null;
}

/** The run with those of its search's trials, which lie below it; all numbers of a trial are of the search's validation rows. */
export function withTrials(run: RunFacts, { trials, metric }: Tried): RunFacts {
  if (trials.length === 0) return run;
  const few = fewTrials(trials, mostTrialRuns);
  const told = few.length < trials.length ? `${trials.length}, of which ${few.length} are here` : String(trials.length);
  return {
    ...run,
    tags: { ...run.tags, "mergeml.trials": told },
    trials: few.map((trial) => trialRun(run, trial, `validation/${metric ?? "score"}`)),
  };
}

function trialRun({ model, started }: RunFacts, trial: NumberedTrial, metric: string): RunFacts {
  const { number, params, score, seconds, budget, problem, winner } = trial;
  const values = Object.entries({ [metric]: score, train_seconds: seconds, budget: budget ?? null });
  return {
    model,
    mark: { key: mirrorTags.trial, value: String(number) },
    name: `trial ${number}${winner ? " (chosen)" : ""}`,
    // Trials come before the training; when each of them ran was not kept.
    started: Math.max(0, started - Math.round(seconds * 1000)),
    ended: started,
    status: score === null ? "FAILED" : "FINISHED",
    params: flatParams(params),
    metrics: metricPoints(values, [], started),
    tags: {
      [mirrorTags.model]: model,
      ...(winner && { "mergeml.winner": "true" }),
      ...(problem && { "mergeml.error": mlflowValue(problem, longestTag) }),
    },
    trials: [],
  };
}

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
