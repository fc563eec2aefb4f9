import type { DatasetRef, DatasetStore } from "../../../data/dataset-store.ts";
import type { Session, Vector } from "../../../data/engines/session.ts";
import { engineFailure, machineError, openSession, quoteName, quoteText } from "../../../data/engines/tables.ts";
import { EnvironmentError } from "../../../errors/expected-error.ts";
import { type Profiled, predictionColumns } from "../../profile/build-profile.ts";
import { finiteNumber, presentText } from "../../profile/count-columns.ts";
import type { ColumnDrift, ColumnStatistics, DriftResult, Effect } from "../drift-result.ts";
import { compareSamples, type EvidentlyAnswer } from "./compare-samples.ts";
import type { CategorySample, NumberSample, Sample } from "./sample.ts";

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

/** Answers in the order of a result's features and predictions; null where Evidently has none. */
interface Answers {
  features: readonly (EvidentlyAnswer | null)[];
  predictions: readonly (EvidentlyAnswer | null)[];
}

/** Evidently's `drift_share`: every column counts the same. */
const driftingShare = 0.5;

/** Its tests' level, each for itself. */
const alpha = 0.05;

/**
 * A calibrated result as Evidently judges it. Its dataset drift, half of the columns or more, features and predictions
 * together, is our drift because of features. What the columns hold, the performance on labelled rows and whether there are
 * enough rows stay as they were found.
 */
export function restate(calibrated: DriftResult, answers: Answers): DriftResult {
  const features = calibrated.features.map((column, at) => restateColumn(column, answers.features[at] ?? null));
  const predictions = calibrated.predictions.map((column, at) =>
    restateColumn(column, answers.predictions[at] ?? null),
  );
  const drifting = shareOf([...features, ...predictions.filter(({ state }) => state !== "vanished")]);
  const because: DriftResult["because"] = [
    ...(drifting >= driftingShare ? (["features"] as const) : []),
    ...(calibrated.performance?.verdict === "drift" ? (["performance"] as const) : []),
  ];
  const enough = calibrated.outcome !== "too few rows";
  return {
    ...calibrated,
    method: "evidently",
    outcome: !enough ? "too few rows" : because.length > 0 ? "drift" : "clean",
    because: enough ? because : [],
    alpha,
    share: { drifting, limit: driftingShare },
    features: features.toSorted((a, b) => Number(b.verdict === "drift") - Number(a.verdict === "drift")),
    predictions,
  };
}

/** Of the columns that either side has values of. */
function shareOf(columns: readonly ColumnDrift[]): number {
  const judged = columns.filter(({ state }) => state !== "not compared");
  return judged.filter(({ verdict }) => verdict === "drift").length / Math.max(judged.length, 1);
}

function restateColumn(column: ColumnDrift, answer: EvidentlyAnswer | null): ColumnDrift {
  const equal = { ...column, weight: 1, p: null, adjusted: null, significant: false };
  if (column.state !== "compared") return equal;
  if (answer === null) return restateWithoutValues(equal);
  const { drifts } = answer;
  const effects = [effectOf(answer)];
  const p = effects[0]!.p;
  return {
    ...equal,
    verdict: drifts ? "drift" : "stable",
    effects,
    p,
    significant: p !== null && drifts,
    statistics: statisticsOf(column, answer),
  };
}

/** Evidently stops where one side has no values; a column that lost all its values to nulls or infinities, or won its first, is drift here. */
function restateWithoutValues(column: ColumnDrift): ColumnDrift {
  const effects = column.effects.filter(({ exceeds }) => exceeds);
  const rows = column.current?.rows ?? 0;
  return { ...column, effects, verdict: rows > 0 && effects.length > 0 ? "drift" : "stable" };
}

function effectOf({ test, score, limit, drifts }: EvidentlyAnswer): Effect {
  const value = { value: score, limit, exceeds: drifts };
  if (test === "wasserstein" || test === "jensen-shannon") return { name: test, ...value, p: null };
  return { name: "p-value", ...value, p: score };
}

/** The test's own and the distances; a p-value without `ks` and `z` is of chi-square. */
function statisticsOf({ statistics }: ColumnDrift, answer: EvidentlyAnswer): ColumnStatistics {
  const { test, score: p, statistic, degrees, jensenShannon, psi, wasserstein } = answer;
  const { totalVariation } = statistics;
  return {
    ...(totalVariation && { totalVariation }),
    ...(wasserstein !== undefined && { wasserstein }),
    ...(test === "ks" && { ks: { statistic, p } }),
    ...(test === "z" && { z: statistic }),
    // JSON has no infinity, which it is when a value is new.
    ...(degrees !== undefined && Number.isFinite(statistic) && { chiSquare: { statistic, degrees, p } }),
    jensenShannon,
    psi,
  };
}

/** A column and its name on both sides. */
interface PairedColumn {
  reference: string;
  current: string;
  kind: Sample["kind"];
}

interface PairedRows {
  /** Parquet files with the rows the model was trained on, or its predictions on the test split. */
  reference: readonly string[];
  /** Parquet files with the window's rows; at least one. */
  current: readonly string[];
  threads: number;
  memory_gb: number;
}

/**
 * Compares columns by Evidently's defaults, one at a time: memory holds one column's values of both sides, eight bytes each.
 * null where a side has no values. Throws EnvironmentError for files that cannot be read.
 */
export async function answerColumns(
  { reference, current, threads, memory_gb }: PairedRows,
  columns: readonly PairedColumn[],
): Promise<(EvidentlyAnswer | null)[]> {
  using session = await openSession({ readable: [], writable: [...reference, ...current], threads, memory_gb });
  const answers: (EvidentlyAnswer | null)[] = [];
  try {
    for (const column of columns) {
      const before = await readSample(session, parquet(reference), column.reference, column.kind);
      const now = await readSample(session, parquet(current), column.current, column.kind);
      answers.push(compareSamples(before, now));
    }
    return answers;
  } catch (error) {
    const tried = `to compare the rows of ${current[0]} with ${reference[0]}`;
    throw machineError(error, tried) ?? unreadable(error, tried) ?? error;
  }
}

function unreadable(error: unknown, tried: string): EnvironmentError | null {
  const found = engineFailure(error);
  if (!found) return null;
  const [message = ""] = found.message.split("\n");
  return new EnvironmentError(message, { tried, safe: "nothing was changed" }, { cause: error });
}

function parquet(files: readonly string[]): string {
  return `read_parquet([${files.map(quoteText).join(", ")}], union_by_name => true, hive_partitioning => false)`;
}

/** A column's values that are neither missing nor infinite, from a table, view or query. Eight bytes a number; categories are counted by the engine. */
function readSample(session: Session, from: string, column: string, kind: Sample["kind"]): Promise<Sample> {
  return kind === "numeric" ? readNumbers(session, from, column) : readCategories(session, from, column);
}

async function readNumbers(session: Session, from: string, column: string): Promise<NumberSample> {
  const present = `(SELECT ${finiteNumber(quoteName(column))} AS value FROM ${from}) WHERE value IS NOT NULL`;
  const { rows } = await session.row(`SELECT count(*) AS rows FROM ${present}`);
  const values = new Float64Array(Number(rows));
  let at = 0;
  await eachRow(session, `SELECT value FROM ${present}`, ([value], row) => {
    values[at++] = value!.getItem(row) as number;
  });
  return { kind: "numeric", values: values.sort() };
}

async function readCategories(session: Session, from: string, column: string): Promise<CategorySample> {
  const sql = `SELECT value, CAST(count(*) AS DOUBLE) FROM (SELECT ${presentText(quoteName(column))} AS value FROM ${from})
    WHERE value IS NOT NULL GROUP BY value`;
  const counts = new Map<string, number>();
  await eachRow(session, sql, ([value, rows], row) => {
    counts.set(value!.getItem(row) as string, rows!.getItem(row) as number);
  });
  return { kind: "category", counts };
}

/** Chunk by chunk, so that the result is never in memory as a whole. */
async function eachRow(
  session: Session,
  sql: string,
  use: (columns: readonly Vector[], row: number) => void,
): Promise<void> {
  for await (const { rows, columns } of session.stream(sql)) {
    for (let row = 0; row < rows; row++) use(columns, row);
  }
}
