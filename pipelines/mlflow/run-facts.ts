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
export function flatParams(params: object, first: object = {}): Map<string, string> {
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
