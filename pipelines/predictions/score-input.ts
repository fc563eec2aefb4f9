import { dirname, join } from "node:path";
import { interruptAfter, type Session, type SessionOptions, type Vector } from "../data/engines/session.ts";
import { openSession, quoteText } from "../data/engines/tables.ts";
import { openScores } from "../data/scores-table.ts";
import type { FeatureColumn, FeatureSpec, NumberColumn } from "../data/table.ts";
import { UserError } from "../errors/expected-error.ts";
import type { Clock } from "../ports/host.ts";
import type { VersionRecord } from "../registry/version-record.ts";
import { openForestModel } from "../training/onnx/forest-model.ts";
import type { ScoringModel } from "../training/onnx/session.ts";
import { type InputRows, inputError } from "./input-file.ts";
import { type PreparedRows, planRows, prepareRows, type RowPlan, requireFeatures } from "./prepare-rows.ts";

/** Rows to score with one version. Paths are absolute. */
export interface ScoringJob {
  record: VersionRecord;
  /** The model's bytes, already compared with the record's hash. */
  bytes: Uint8Array;
  /** `staged` is written by `describe`, for inputs that are parsed first. */
  input: { file: string; name: string; staged?: string; describe(session: Session): Promise<InputRows> };
  /** Columns that go through as they are, where the input has them. */
  kept: readonly string[];
  /** What to do without a column, or with one of another type: refuse the input, or score the feature as missing. */
  absent: "refuse" | "missing";
  /** Files that the result may be written to. */
  writable: readonly string[];
  /** A directory of our own. */
  staging: string;
  threads: number;
  clock: Clock;
}

/** Rows beside their scores: the table `scores` of the session, and the file with the same rows in the same order. */
export interface ScoredInput extends PreparedRows {
  session: Session;
  plan: RowPlan;
  file: string;
  /** Rows that were refused, as they came, with number and reason. */
  rejectedFile: string;
  scored: number;
  /** Milliseconds a row took. */
  latency: number;
}

/** Converts and scores all rows of an input, then lets `work` write them. Nothing but batches is held in memory. */
export async function scoreInput<T>(job: ScoringJob, work: (scored: ScoredInput) => Promise<T>): Promise<T> {
  const { record, input, staging } = job;
  const files = { scored: join(staging, "rows.parquet"), rejected: join(staging, "rejected.parquet") };
  const staged = input.staged === undefined ? [] : [input.staged];
  const writable = [input.file, ...staged, files.scored, files.rejected, ...job.writable];
  const { resources } = record.candidate.config;
  using session = await openSession({ ...budget(job), readable: [], writable, spill: join(staging, "spill") });
  using reader = await openSession({ ...budget(job), readable: [dirname(files.scored)] });
  const limits = [session, reader].map((each) => interruptAfter(each, resources.timeout_minutes * 60));
  try {
    const plan = planRows(await input.describe(session), record.candidate.features, job.kept);
    if (job.absent === "refuse") requireFeatures(plan);
    const prepared = await prepareRows(session, plan, files);
    const started = job.clock.now().getTime();
    const scored = await scoreFile(job, plan, session, reader, files.scored);
    const latency = (job.clock.now().getTime() - started) / Math.max(1, scored);
    return await work({
      ...prepared,
      session,
      plan,
      file: files.scored,
      rejectedFile: files.rejected,
      scored,
      latency,
    });
  } catch (error) {
    throw limits.some(({ reached }) => reached())
      ? tooSlow(input.name, resources.timeout_minutes * 60, error)
      : inputError(error, input.name);
  } finally {
    for (const { stop } of limits) stop();
  }
}

function budget({ record, threads }: ScoringJob): Pick<SessionOptions, "memory_gb" | "threads"> {
  return { memory_gb: record.candidate.config.resources.memory_gb, threads };
}

async function scoreFile(
  { record, bytes }: ScoringJob,
  plan: RowPlan,
  session: Session,
  reader: Session,
  file: string,
): Promise<number> {
  const { features, classes } = record.candidate;
  const model = await openForestModel(bytes, { features, classes });
  try {
    return await scoreRows(reader, session, file, plan, model, Math.max(1, classes.length));
  } finally {
    await model.close();
  }
}

/** What to throw when the time of a version was up. */
export function tooSlow(name: string, seconds: number, cause: unknown): UserError {
  const message = `reading ${name} was stopped after ${seconds} s`;
  return new UserError(
    { message, hint: "give fewer rows; the limit is resources.timeout_minutes of the version" },
    { cause },
  );
}

/**
 * Scores prepared rows into the table `scores` of `writer`, in the order of the file, and gives their number. `reader` is
 * another session, because a stream and an appender cannot share a connection.
 */
async function scoreRows(
  reader: Session,
  writer: Session,
  file: string,
  { features }: Pick<RowPlan, "features">,
  model: ScoringModel,
  width: number,
): Promise<number> {
  const scores = await openScores(writer, width);
  let rows = 0;
  try {
    for await (const batch of featureBatches(reader, file, features)) {
      const predictions = await model.predict(batch);
      scores.append(predictions.values);
      rows += predictions.rows;
    }
  } finally {
    scores.close();
  }
  return rows;
}

/** Rows scored at a time: what is held in memory does not depend on the input. */
const batchRows = 16384;

/** Reads prepared rows (`f0`, `f1` …) as the columns a model takes, batch by batch, in the order of the file. */
async function* featureBatches(
  session: Session,
  file: string,
  features: readonly FeatureSpec[],
): AsyncGenerator<FeatureColumn[]> {
  const rowsOf = `FROM read_parquet(${quoteText(file)})`;
  const readers: ColumnReader[] = [];
  for (const [at, feature] of features.entries()) readers.push(await readerOf(session, rowsOf, feature, `f${at}`));
  let batch = readers.map(({ start }) => start());
  let rows = 0;
  for await (const chunk of session.stream(`SELECT ${readers.map(({ sql }) => sql).join(", ")} ${rowsOf}`)) {
    if (rows + chunk.rows > batchRows) {
      yield batch.map(({ finish }) => finish(rows));
      batch = readers.map(({ start }) => start());
      rows = 0;
    }
    for (const [at, column] of batch.entries()) column.fill(chunk.columns[at]!, rows);
    rows += chunk.rows;
  }
  if (rows > 0) yield batch.map(({ finish }) => finish(rows));
}

/** How one column is read: what is selected, and what takes its values batch by batch. */
interface ColumnReader {
  sql: string;
  start(): { fill(vector: Vector, start: number): void; finish(rows: number): FeatureColumn };
}

async function readerOf(
  session: Session,
  rows: string,
  { name, kind }: FeatureSpec,
  column: string,
): Promise<ColumnReader> {
  if (kind !== "category") return numberReader({ name, kind }, column);
  const text = `coalesce(${column}, '')`;
  const found = await session.rows(`SELECT DISTINCT ${text} AS level ${rows} LIMIT ${mostLevels + 1}`);
  if (found.length > mostLevels) return textReader(name, text);
  const levels = found.map(({ level }) => String(level)).sort();
  await session.run(`CREATE TYPE levels_${column} AS ENUM (${levels.map(quoteText).join(", ")})`);
  return levelReader(name, `CAST(enum_code(CAST(${text} AS levels_${column})) AS INTEGER)`, levels);
}

function numberReader({ name, kind }: Pick<NumberColumn, "name" | "kind">, column: string): ColumnReader {
  return {
    sql: `CAST(${column} AS DOUBLE)`,
    start() {
      const values = new Float32Array(batchRows);
      return {
        fill(vector, start) {
          for (let index = 0; index < vector.itemCount; index++) {
            const item = vector.getItem(index) as number | null;
            values[start + index] = item === null ? Number.NaN : item;
          }
        },
        finish: (rows) => ({ name, kind, values: values.subarray(0, rows) }),
      };
    },
  };
}

/** Levels that the engine gives as numbers: with few of them, most of the time of reading texts is theirs. */
const mostLevels = 10_000;

function levelReader(name: string, sql: string, levels: readonly string[]): ColumnReader {
  return {
    sql,
    start() {
      const codes = new Int32Array(batchRows);
      return {
        fill(vector, start) {
          for (let index = 0; index < vector.itemCount; index++) codes[start + index] = vector.getItem(index) as number;
        },
        finish: (rows) => ({ name, kind: "category", codes: codes.subarray(0, rows), levels }),
      };
    },
  };
}

function textReader(name: string, sql: string): ColumnReader {
  return {
    sql,
    start() {
      const codes = new Int32Array(batchRows);
      const known = new Map<string, number>();
      return {
        fill(vector, start) {
          for (let index = 0; index < vector.itemCount; index++) {
            const text = vector.getItem(index) as string;
            let code = known.get(text);
            if (code === undefined) known.set(text, (code = known.size));
            codes[start + index] = code;
          }
        },
        finish: (rows) => ({ name, kind: "category", codes: codes.subarray(0, rows), levels: [...known.keys()] }),
      };
    },
  };
}
