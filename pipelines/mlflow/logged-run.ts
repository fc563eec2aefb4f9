import { shortRunId } from "../run-log/find-run.ts";
import { onePerCandidate, withVersions } from "../run-log/list-runs.ts";
import type { RunRecord } from "../run-log/run-record.ts";
import { mlflowValue } from "./mlflow-names.ts";
import {
  commitTags,
  dataTags,
  longestTag,
  metricPoints,
  mirrorTags,
  type RunFacts,
  runParams,
  verdictTags,
} from "./run-facts.ts";
import { withTrials } from "./trial-runs.ts";

/** The run log's records (newest first) as trainings: one for each candidate, at the time of its first record, and each failure. */
export function trainingsOf(records: readonly RunRecord[]): RunRecord[] {
  const first = new Map(records.map(({ model, candidate, time }) => [`${model} ${candidate}`, time]));
  return onePerCandidate(withVersions(records)).map((record) =>
    record.candidate === null ? record : { ...record, time: first.get(`${record.model} ${record.candidate}`)! },
  );
}

/** What the run log knows of a training, as MLflow shows it; a failed one is a FAILED run. */
export function loggedRun(record: RunRecord): RunFacts {
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
