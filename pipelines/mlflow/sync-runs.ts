import { onePerCandidate, shortRunId, withVersions } from "../run-log/list-runs.ts";
import type { RunRecord } from "../run-log/run-record.ts";
import type { MirroredRuns, MirrorOptions } from "./mirror.ts";
import type { MlflowApi, MlflowRun } from "./mlflow-api.ts";
import { mlflowValue } from "./mlflow-names.ts";
import {
  commitTags,
  dataTags,
  longestTag,
  metricPoints,
  mirrorExperiment,
  mirrorRun,
  mirrorTags,
  parentTag,
  type RunFacts,
  runParams,
  tagOf,
  verdictTags,
  withTrials,
} from "./run-facts.ts";
import { concernsAll, openServer } from "./server-settings.ts";

/** New runs of one sync: each takes a handful of requests. */
const mostNewRuns = 1000;

interface RunSelection {
  model?: string;
  signal?: AbortSignal;
  /** New runs to copy at most. */
  limit?: number;
}

/** Adds the runs of the run log that the server lacks, the newest first; one that it refuses does not keep the others away. */
export async function syncRuns(
  { log, runs, ...options }: MirrorOptions,
  { model, signal, limit = mostNewRuns }: RunSelection = {},
): Promise<MirroredRuns> {
  const { api } = openServer(options, signal);
  const read = await runs.read(model);
  const result: MirroredRuns = {
    created: 0,
    completed: 0,
    present: 0,
    left: 0,
    broken: read.broken.length,
    failed: [],
  };
  const byModel = Map.groupBy(trainingsOf(read.runs), (run) => run.model);
  for (const [name, trainings] of byModel) {
    try {
      const mirror: ModelRuns = { api, model: name, trainings, limit, result };
      await log.step(
        "mlflow",
        ({ update }) => addMissing(mirror, (done, of) => update(done / of, `${done}/${of}`)),
        (added) => `${name}: ${added > 0 ? `${added} of ${trainings.length} runs copied` : "no new runs"}`,
      );
    } catch (error) {
      if (concernsAll(error)) throw error;
      result.failed.push({ model: name, run: null, error: error as Error });
    }
  }
  return result;
}

interface ModelRuns {
  api: MlflowApi;
  model: string;
  trainings: readonly RunRecord[];
  limit: number;
  result: MirroredRuns;
}

/** Counts into `result` what became of one model's runs; gives how many were written. */
async function addMissing(
  { api, model, trainings, limit, result }: ModelRuns,
  progress: (done: number, of: number) => void,
): Promise<number> {
  const experiment = await mirrorExperiment(api, model);
  const there = presentByMark(await api.runs(experiment));
  const wanted = trainings.map((record) => ({ record, facts: loggedRun(record) }));
  const incomplete = wanted.filter(({ facts }) => !isWhole(there, facts));
  result.present += wanted.length - incomplete.length;
  const now = incomplete.slice(0, Math.max(0, limit - result.created - result.completed));
  result.left += incomplete.length - now.length;
  let written = 0;
  for (const [index, { record, facts }] of now.entries()) {
    try {
      const { created } = await mirrorRun(api, experiment, facts);
      result[created ? "created" : "completed"] += 1;
      written += 1;
    } catch (error) {
      if (concernsAll(error)) throw error;
      result.failed.push({ model, run: record.id, error: error as Error });
    }
    progress(index + 1, now.length);
  }
  return written;
}

/** What the server has of a run. */
interface Present {
  status: string;
  /** Runs of trials below it that have ended. */
  trials: number;
}

/** By the tags that can be a mark. */
function presentByMark(runs: readonly MlflowRun[]): Map<string, Present> {
  const below = Map.groupBy(
    runs.filter(({ info }) => info.status !== "RUNNING"),
    ({ data }) => tagOf(data?.tags, parentTag),
  );
  return new Map(
    runs.flatMap(({ info, data }) =>
      [mirrorTags.candidate, mirrorTags.run].flatMap((key): [string, Present][] => {
        const value = tagOf(data?.tags, key);
        const present = { status: info.status, trials: below.get(info.run_id)?.length ?? 0 };
        return value === undefined ? [] : [[`${key} ${value}`, present]];
      }),
    ),
  );
}

function isWhole(there: ReadonlyMap<string, Present>, { mark, trials }: RunFacts): boolean {
  const present = there.get(`${mark.key} ${mark.value}`);
  return present !== undefined && present.status !== "RUNNING" && present.trials >= trials.length;
}

/** The run log's records (newest first) as trainings: one for each candidate, at the time of its first record, and each failure. */
function trainingsOf(records: readonly RunRecord[]): RunRecord[] {
  const first = new Map(records.map(({ model, candidate, time }) => [`${model} ${candidate}`, time]));
  return onePerCandidate(withVersions(records)).map((record) =>
    record.candidate === null ? record : { ...record, time: first.get(`${record.model} ${record.candidate}`)! },
  );
}

/** What the run log knows of a training, as MLflow shows it; a failed one is a FAILED run. */
function loggedRun(record: RunRecord): RunFacts {
  const { id, model, candidate, metrics, seconds } = record;
  // The pattern of a time lets through days that no calendar has.
  const ended = Date.parse(record.time) || 0;
  const values = metrics.flatMap(({ metric, candidate: own, production }): [string, number | null][] => [
    [metric, own],
    [`production/${metric}`, production],
  ]);
  const run: RunFacts = {
    model,
    mark: candidate ? { key: mirrorTags.candidate, value: candidate } : { key: mirrorTags.run, value: id },
    name: candidate?.slice(0, 14) ?? shortRunId(id),
    started: Math.max(0, ended - Math.round(seconds * 1000)),
    ended,
    status: record.state === "error" ? "FAILED" : "FINISHED",
    params: runParams(record),
    metrics: metricPoints([...values, ["train_seconds", candidate ? seconds : null]], record.curves ?? [], ended),
    tags: { ...lineageTags(record), ...(record.verdict && verdictTags(record.verdict)) },
    trials: [],
  };
  return withTrials(run, { trials: record.trials, metric: record.search_metric ?? null });
}

function lineageTags({ id, model, candidate, definition, data, by, version, error, ...record }: RunRecord) {
  return {
    [mirrorTags.model]: model,
    [mirrorTags.run]: id,
    ...(candidate && { [mirrorTags.candidate]: candidate }),
    ...(version !== null && { [mirrorTags.version]: String(version) }),
    ...(definition && { "mergeml.definition": definition }),
    ...(data && dataTags(data)),
    ...commitTags(record),
    ...(error !== null && { "mergeml.error": mlflowValue(error, longestTag) }),
    "mlflow.user": mlflowValue(by, longestTag),
    "mlflow.source.name": "mergeml",
  };
}
