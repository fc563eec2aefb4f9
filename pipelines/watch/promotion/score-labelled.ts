import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { DatasetStore } from "../../data/dataset-store.ts";
import type { Session } from "../../data/engines/session.ts";
import { openSession, quoteName, quoteText } from "../../data/engines/tables.ts";
import { freeName } from "../../data/free-name.ts";
import type { Target } from "../../data/table.ts";
import type { Clock } from "../../ports/host.ts";
import { scoreInput } from "../../predictions/score-input.ts";
import type { CandidateRecord, VersionRecord } from "../../registry/version-record.ts";
import type { Predictions } from "../../training/trainer.ts";
import { readOutcomes } from "../performance/read-outcomes.ts";
import type { DriftWindow } from "../window/drift-window.ts";

/** A version and its checked bytes. */
interface LoadedVersion {
  record: VersionRecord;
  bytes(): Promise<Uint8Array>;
}

interface LabelledJob {
  window: Pick<DriftWindow, "file" | "columns">;
  current: LoadedVersion;
  previous: LoadedVersion;
  /** A directory of our own. */
  staging: string;
  /** Where the versions' train splits are, if they still are. */
  store: Pick<DatasetStore, "has" | "path">;
  threads: number;
  clock: Clock;
}

/** Both versions' predictions of the same rows, whose outcome is known. */
export interface ScoredLabels {
  target: Target;
  current: Predictions;
  previous: Predictions;
}

/** More rows tell no more about a difference; with many classes memory is the limit before. */
const [mostRows, mostScores] = [200_000, 2_000_000];

/**
 * Scores the labelled rows of a window with both versions, each its own ONNX file on the same feature values, so that nothing
 * but the models differs. Rows that one of them cannot convert, or was trained on, are left out for both. Or why they cannot be
 * compared.
 */
export async function scoreLabelled(job: LabelledJob): Promise<ScoredLabels | { reason: string }> {
  const { window, current, previous, staging } = job;
  if (window.columns.target === null) return { reason: "there are no labels" };
  const rows = await labelledRows(job, window.columns.target);
  if (rows.count === 0) return { reason: "the versions were trained on all labelled rows" };
  const files = { current: join(staging, "current.parquet"), previous: join(staging, "previous.parquet") };
  for (const side of ["current", "previous"] as const) {
    const missing = await scoreSide(job, job[side], rows, files[side]);
    if (missing.length > 0)
      return {
        reason: `v${job[side].record.version} needs ${missing.join(", ")}, which the rows lack or have as another type`,
      };
  }
  const both = await joinSides(job, rows, files);
  const { task } = current.record.candidate.config;
  const read = async (prefix: string, { record: { candidate } }: LoadedVersion) =>
    readOutcomes({
      files: [both],
      task,
      target: rows.target,
      classes: candidate.classes,
      predicted: scoreNames(prefix, candidate.classes),
    });
  const [ours, theirs] = [await read("current", current), await read("previous", previous)];
  if (!ours || !theirs) throw new Error("The scored rows lack a column that was just written.");
  return { target: ours.target, current: ours.predictions, previous: theirs.predictions };
}

interface LabelledRows {
  file: string;
  /** Names of the columns that number the rows and hold the outcome. */
  row: string;
  target: string;
  count: number;
}

async function labelledRows(
  { window, current, previous, staging, store }: LabelledJob,
  target: string,
): Promise<LabelledRows> {
  const file = join(staging, "labelled.parquet");
  const features = [current, previous].flatMap(({ record: { candidate } }) =>
    candidate.features.map(({ name }) => name),
  );
  const row = freeName("row", [...features, target]);
  const given = { given: window.columns.features, target };
  const conditions = [current, previous].map(({ record }) => notTrainedOn(store, record.candidate, given));
  const held = (await Promise.all(conditions)).filter((condition) => condition !== null);
  const readable = [...new Set(held.map(({ folder }) => folder))];
  using session = await openSession({ readable, writable: [window.file, file], threads: 1 });
  const where = [`${quoteName(target)} IS NOT NULL`, ...held.map((each) => each.where)].join(" AND ");
  const labelled = `FROM read_parquet(${quoteText(window.file)}) WHERE ${where}`;
  const { rows } = await session.row(`SELECT count(*) AS rows ${labelled}`);
  const { seed } = current.record.candidate.config;
  const classes = Math.max(1, ...[current, previous].map(({ record: { candidate } }) => candidate.classes.length));
  const most = Math.min(mostRows, Math.floor(mostScores / classes));
  const sample = Number(rows) > most ? `USING SAMPLE reservoir(${most} ROWS) REPEATABLE (${seed})` : "";
  const columns = [...window.columns.features, target].map(quoteName).join(", ");
  await session.run(
    `COPY (SELECT row_number() OVER () AS ${quoteName(row)}, ${columns} FROM (SELECT * ${labelled}) ${sample}) TO ${quoteText(file)} (FORMAT parquet)`,
  );
  return { file, row, target, count: Number(rows) };
}

/** Writes a version's scores of the rows by their number; the features that the rows lack, when there are any. */
async function scoreSide(
  { staging, threads, clock }: LabelledJob,
  { record, bytes }: LoadedVersion,
  { file, row }: LabelledRows,
  target: string,
): Promise<readonly string[]> {
  const own = join(staging, `v${record.version}`);
  await mkdir(own, { recursive: true });
  const name = "the labelled rows";
  const from = `read_parquet(${quoteText(file)})`;
  const job = {
    ...{ record, bytes: await bytes(), kept: [row], absent: "missing" as const, writable: [target] },
    ...{ staging: own, threads, clock },
    input: {
      file,
      name,
      describe: async (session: Session) => ({
        from,
        columns: await session.columns(`SELECT * FROM ${from}`),
        name,
      }),
    },
  };
  return scoreInput(job, async ({ session, plan, file: scored }) => {
    const missing = [...plan.vanished, ...plan.changed];
    if (missing.length > 0) return missing;
    const place = plan.kept.findIndex((column) => column.name === row);
    const scores = scoreNames("score", record.candidate.classes).map((each, at) => `scores.v${at} AS ${each}`);
    await session.run(
      `COPY (SELECT k${place} AS row, ${scores.join(", ")} FROM scores POSITIONAL JOIN read_parquet(${quoteText(scored)})) TO ${quoteText(target)} (FORMAT parquet)`,
    );
    return [];
  });
}

/** One file with the outcome and both versions' scores, in the order of the rows. */
async function joinSides(
  { staging, current, previous }: LabelledJob,
  { file, row, target }: LabelledRows,
  files: { current: string; previous: string },
): Promise<string> {
  const both = join(staging, "both.parquet");
  const scored = (side: "current" | "previous", { record }: LoadedVersion) =>
    scoreNames("score", record.candidate.classes).map((name, at) => `${side}.${name} AS ${side}_${at}`);
  const columns = [...scored("current", current), ...scored("previous", previous)].join(", ");
  const read = (path: string) => `read_parquet(${quoteText(path)})`;
  using session = await openSession({
    readable: [],
    writable: [file, files.current, files.previous, both],
    threads: 1,
  });
  await session.run(`COPY (SELECT l.${quoteName(target)}, ${columns} FROM ${read(file)} l
    JOIN ${read(files.current)} current ON current.row = l.${quoteName(row)}
    JOIN ${read(files.previous)} previous ON previous.row = l.${quoteName(row)}
    ORDER BY l.${quoteName(row)}) TO ${quoteText(both)} (FORMAT parquet)`);
  return both;
}

/** One a class, or one for a number: `score_0`, `score_1` … */
function scoreNames(prefix: string, classes: readonly string[]): string[] {
  return Array.from({ length: Math.max(1, classes.length) }, (_, at) => `${prefix}_${at}`);
}

/** Share of the test rows, which nobody was trained on, that may equal a train row: beyond it rows are equal by coincidence. */
const mostCoincidence = 0.01;

/** SQL for the rows that a version was not trained on, and the folder that it reads. */
interface TrainedRowsCondition {
  where: string;
  folder: string;
}

/**
 * A live row that a version was trained on, because somebody scored the table that it learned from, or because a row's label came
 * early, speaks for that version. Rows are known by all features that are there and by the outcome, as the model sees them, where
 * those tell rows apart. null where the dataset store has its splits no longer.
 */
export async function notTrainedOn(
  store: Pick<DatasetStore, "has" | "path">,
  { train, test, features, config }: CandidateRecord,
  { given, target }: { given: readonly string[]; target: string },
): Promise<TrainedRowsCondition | null> {
  if (!(await store.has(train.fingerprint)) || !(await store.has(test.fingerprint))) return null;
  const [file, heldOut] = [await store.path(train.fingerprint), await store.path(test.fingerprint)];
  const shared = features.filter(({ name }) => given.includes(name));
  if (shared.length === 0) return null;
  const isNumber = config.task === "regression";
  const hash = (outcome: string) => {
    const cells = shared.map(({ name, kind }) => cell(name, kind !== "category"));
    return `hash(${[...cells, cell(outcome, isNumber)].join(", ")})`;
  };
  const own = hash(config.features.target);
  const learned = `SELECT ${own} FROM read_parquet(${quoteText(file)})`;
  const telling = `SELECT count(*) FILTER (${own} IN (${learned})) < ${mostCoincidence} * count(*) FROM read_parquet(${quoteText(heldOut)})`;
  return { where: `NOT ((${telling}) AND ${hash(target)} IN (${learned}))`, folder: dirname(file) };
}

/** As what the model sees: 32-bit numbers and texts. */
function cell(name: string, isNumber: boolean): string {
  return isNumber ? `TRY_CAST(${quoteName(name)} AS FLOAT)` : `CAST(${quoteName(name)} AS VARCHAR)`;
}
