import type { MetricComparison } from "../evaluation/evaluation.ts";
import type { CandidateRecord, VersionRecord } from "../registry/version-record.ts";
import type { TrainingCurve } from "../training/trainer.ts";
import type { BatchMetric, Tag } from "./mlflow-api.ts";
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
}

/** The tags that say what of ours a thing on the MLflow server mirrors. */
export const mirrorTags = {
  model: "mergeml.model",
  version: "mergeml.version",
  candidate: "mergeml.candidate",
  /** Of a training that failed: its run in the run log. */
  run: "mergeml.run",
  registryCommit: "mergeml.registry_commit",
} as const;

/** Characters that MLflow keeps of a run's tag. */
export const longestTag = 8000;

/** A candidate that was trained and judged, registered or not. */
export type Trained = Pick<VersionRecord, "candidate" | "evaluation" | "verdict">;

/** The run in which a candidate was trained. */
export function trainingRun({ candidate, evaluation, verdict }: Trained): RunFacts {
  const ended = Date.parse(candidate.created);
  return {
    model: candidate.config.name,
    mark: { key: mirrorTags.candidate, value: candidate.id },
    name: candidate.id.slice(0, 14),
    started: ended - Math.round(candidate.train_seconds * 1000),
    ended,
    status: "FINISHED",
    params: runParams(candidate.config),
    metrics: runMetrics(candidate, evaluation.metrics, ended),
    tags: { ...lineageTags(candidate), ...verdictTags(verdict) },
  };
}

/** What the gate said; it may say something else later, when the candidate is registered. */
export function verdictTags({
  outcome,
  summary,
}: Pick<Trained["verdict"], "outcome" | "summary">): Record<string, string> {
  return { "mergeml.verdict": outcome, "mergeml.verdict_summary": mlflowValue(summary, longestTag) };
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
  const entries: [string, unknown][] = [...Object.entries({ type, task, seed }), ...flatten(params)];
  return uniqueKeys(entries.map(([key, value]) => [key, mlflowValue(paramText(value))] as const));
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

/** The candidate's scores by their own names, those of production and the naive baseline below theirs, and the training's curves. */
function runMetrics(candidate: CandidateRecord, scores: readonly MetricComparison[], timestamp: number): BatchMetric[] {
  const scored = scores.flatMap((score): [string, number | null][] => [
    [score.metric, score.candidate],
    [`production/${score.metric}`, score.production],
    [`naive/${score.metric}`, score.naive],
  ]);
  return metricPoints([...scored, ["train_seconds", candidate.train_seconds]], candidate.curves, timestamp);
}

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
