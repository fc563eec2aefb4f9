import type { MetricComparison } from "../evaluation/evaluation.ts";
import type { CandidateRecord, VersionRecord } from "../registry/version-record.ts";
import type { BatchMetric } from "./mlflow-api.ts";
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

/** A candidate that was trained and judged, registered or not. */
export type Trained = Pick<VersionRecord, "candidate" | "evaluation" | "verdict">;

/** The run in which a candidate was trained. */
export function trainingRun({ candidate, evaluation, verdict }: Trained): RunFacts {
  const ended = Date.parse(candidate.created);
  const { trials = [], config } = candidate;
  const run: RunFacts = {
    model: config.name,
    mark: { key: mirrorTags.candidate, value: candidate.id },
    name: candidate.id.slice(0, 14),
    started: ended - Math.round(candidate.train_seconds * 1000),
    ended,
    status: "FINISHED",
    params: runParams(config),
    metrics: runMetrics(candidate, evaluation.metrics, ended),
    tags: { ...lineageTags(candidate), ...verdictTags(verdict) },
    trials: [],
  };
  return withTrials(run, { trials, metric: config.search?.metric ?? null });
}

function lineageTags(candidate: CandidateRecord): Record<string, string> {
  const { config, commit, dirty, train, test, trainer, environment } = candidate;
  return {
    [mirrorTags.model]: config.name,
    [mirrorTags.candidate]: candidate.id,
    "mergeml.definition": candidate.definition,
    "mergeml.trainer": `${trainer.name} ${trainer.version}`,
    ...dataTags({ train, test }),
    "mergeml.environment": mlflowValue(JSON.stringify(environment), longestTag),
    "mlflow.source.name": "mergeml",
    ...commitTags({ commit, dirty }),
  };
}

/** The candidate's scores by their own names, those of production and the naive baseline below theirs, and the training's curves. */
function runMetrics(candidate: CandidateRecord, scores: readonly MetricComparison[], timestamp: number): BatchMetric[] {
  const scored = scores.flatMap((score): [string, number | null][] => [
    [score.metric, score.candidate],
    [`production/${score.metric}`, score.production],
    [`naive/${score.metric}`, score.naive],
  ]);
  return metricPoints([...scored, ["train_seconds", candidate.train_seconds]], candidate.curves, timestamp);
}
