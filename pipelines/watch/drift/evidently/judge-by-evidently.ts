import type { DatasetRef, DatasetStore } from "../../../data/dataset-store.ts";
import { EnvironmentError } from "../../../errors/environment-error.ts";
import { type Profiled, predictionColumns } from "../../profile/build-profile.ts";
import type { DriftResult } from "../drift-result.ts";
import { answerColumns, type PairedColumn } from "./answer-columns.ts";
import type { EvidentlyAnswer } from "./compare-samples.ts";
import { restate } from "./restate.ts";

/** The rows on both sides. */
export interface EvidentlyJob {
  store: DatasetStore;
  version: Pick<Profiled, "config" | "classes" | "train" | "predictions">;
  /** The window's Parquet files; none for an empty window. */
  files: readonly string[];
  threads: number;
  memory_gb: number;
}

/**
 * `drift.method: evidently`: a window that was judged by the calibrated method, judged again by Evidently's defaults on the
 * rows themselves. Throws EnvironmentError when the store no longer has the reference's rows, or for files that cannot be read.
 */
export async function judgeByEvidently(calibrated: DriftResult, job: EvidentlyJob): Promise<DriftResult> {
  const { config, train, predictions } = job.version;
  if (job.files.length > 0 && !(await job.store.has(train.fingerprint))) throw notStored(config.name, job);
  const stored = new Map(predictionColumns(job.version).map(({ name, column }) => [name, column]));
  const features = await answer(calibrated.features, train, job, (name) => name);
  const predicted = await answer(calibrated.predictions, predictions, job, (name) => stored.get(name) ?? name);
  return restate(calibrated, { features, predictions: predicted });
}

function notStored(model: string, { version }: EvidentlyJob): EnvironmentError {
  const message = `drift.method: evidently compares the rows that ${model} was trained on, and ${version.train.fingerprint} is not in the dataset store`;
  return new EnvironmentError(message, {
    tried: "to read them from the dataset store",
    safe: `nothing was changed; mergeml reproduce ${model}@<version> stores them anew, and drift.method: calibrated needs no rows`,
  });
}

async function answer(
  columns: DriftResult["features"],
  reference: DatasetRef,
  { store, files, threads, memory_gb }: EvidentlyJob,
  stored: (name: string) => string,
): Promise<(EvidentlyAnswer | null)[]> {
  const comparable = columns.filter(({ state }) => state === "compared");
  // Predictions are not stored again by `mergeml reproduce`.
  if (files.length === 0 || comparable.length === 0 || !(await store.has(reference.fingerprint)))
    return columns.map(() => null);
  const rows = { reference: [await store.path(reference.fingerprint)], current: files, threads, memory_gb };
  const paired = comparable.map(({ name, kind }): PairedColumn => ({ reference: stored(name), current: name, kind }));
  const answers = await answerColumns(rows, paired);
  return columns.map((column) => answers[comparable.indexOf(column)] ?? null);
}
