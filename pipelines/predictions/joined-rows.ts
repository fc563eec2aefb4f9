import type { Session } from "../data/engines/session.ts";
import { quoteName, quoteText } from "../data/engines/tables.ts";
import { predictedColumns } from "../data/scores-table.ts";
import { UserError } from "../errors/expected-error.ts";
import { logKey, logNames } from "./log-layout.ts";
import type { RowPlan } from "./prepare-rows.ts";

/** A column of a result, as SQL over the prepared rows and their scores. */
interface ResultColumn {
  name: string;
  sql: string;
}

/** What `mergeml predict` writes: key and time as they came, the features as the model took them, and what it says. */
export function outputColumns({ kept, features }: RowPlan, classes: readonly string[]): ResultColumn[] {
  const columns = [
    ...kept.map(({ name }, at) => ({ name, sql: `k${at}` })),
    ...features.map(({ name }, at) => ({ name, sql: `f${at}` })),
  ];
  const names = columns.map(({ name }) => name);
  return [...columns, ...predictedColumns(classes, names)];
}

/** What every row of one batch has in common in the prediction log. */
interface LogBatchFacts {
  time: Date;
  model: string;
  version: number;
  arm: string;
  /** Milliseconds a row. */
  latency: number;
  /** Names of the key columns. */
  key: readonly string[];
}

/** The same rows in the layout of the prediction log. The key is NULL when the input lacks a part of it. */
export function loggedColumns(
  { kept, features }: RowPlan,
  classes: readonly string[],
  facts: LogBatchFacts,
): ResultColumn[] {
  const places = facts.key.map((name) => kept.findIndex((column) => column.name === name));
  const key = places.includes(-1) ? [] : places.map((at) => `k${at}`);
  const names = logNames(
    features.map(({ name }) => name),
    classes,
  );
  const predictions = predictedColumns(classes, []);
  return [
    { name: "time", sql: `CAST(${quoteText(facts.time.toISOString())} AS TIMESTAMPTZ)` },
    { name: "model", sql: quoteText(facts.model) },
    { name: "version", sql: `CAST(${facts.version} AS INTEGER)` },
    { name: "arm", sql: quoteText(facts.arm) },
    { name: "key", sql: logKey(key) },
    ...names.features.map((name, at) => ({ name, sql: `f${at}` })),
    ...names.predictions.map((name, at) => ({ name, sql: predictions[at]?.sql ?? "NULL" })),
    { name: "latency_ms", sql: `CAST(${facts.latency} AS DOUBLE)` },
  ];
}

/** Writes the prepared rows beside the scores of the session, row by row in the order of the file. */
export async function writeJoined(
  session: Session,
  rows: string,
  columns: readonly ResultColumn[],
  { target, format }: { target: string; format: OutputFormat },
): Promise<void> {
  const selected = columns.map(({ name, sql }) => `${sql} AS ${quoteName(name)}`).join(", ");
  await writeJoinedRows(session, `SELECT ${selected} FROM scores POSITIONAL JOIN read_parquet(${quoteText(rows)})`, {
    target,
    format,
  });
}

/** Writes the rows of a query in a format. */
export async function writeJoinedRows(
  session: Session,
  query: string,
  { target, format }: { target: string; format: OutputFormat },
): Promise<void> {
  const written = format.finite ? await finiteOnly(session, query) : query;
  await session.run(`COPY (${written}) TO ${quoteText(target)} (${format.copy})`);
}

/** NaN and infinity become null. */
async function finiteOnly(session: Session, query: string): Promise<string> {
  const columns = await session.columns(query);
  const replaced = columns
    .filter(({ kind }) => kind === "double")
    .map(({ name }) => `CASE WHEN isfinite(${quoteName(name)}) THEN ${quoteName(name)} END AS ${quoteName(name)}`);
  return replaced.length === 0 ? query : `SELECT * REPLACE (${replaced.join(", ")}) FROM (${query})`;
}

/** How DuckDB writes a file of one ending. */
export interface OutputFormat {
  /** Ending, with what compresses it: `.csv.gz`. */
  ending: string;
  /** Arguments of COPY. */
  copy: string;
  /** JSON has no word for NaN and infinity. */
  finite: boolean;
}

const formats: Readonly<Record<string, Omit<OutputFormat, "ending">>> = {
  ".parquet": { copy: "FORMAT parquet, COMPRESSION zstd", finite: false },
  ".csv": { copy: "FORMAT csv, HEADER", finite: false },
  ".tsv": { copy: "FORMAT csv, HEADER, DELIMITER '\t'", finite: false },
  ".json": { copy: "FORMAT json, ARRAY true", finite: true },
  ".jsonl": { copy: "FORMAT json", finite: true },
  ".ndjson": { copy: "FORMAT json", finite: true },
};

/** The format that a file's ending asks for; texts may be compressed. Throws UserError for any other ending. */
export function outputFormat(option: string, path: string): OutputFormat {
  const [ending = "", plain = "", gz] = /(\.[a-z0-9]+)(\.gz)?$/i.exec(path) ?? [];
  const format = formats[plain.toLowerCase()];
  if (format && gz === undefined) return { ...format, ending };
  if (format && plain.toLowerCase() !== ".parquet")
    return { ...format, ending, copy: `${format.copy}, COMPRESSION gzip` };
  const list = Object.keys(formats).join(", ");
  const message = `${option} ${path} has no ending that says how to write it`;
  throw new UserError({ message, hint: `end the name with one of ${list}; texts may have .gz behind it` });
}

/** `out/a.csv` → `out/a.rejected.csv`: rows that were refused are kept in the same format. */
export function rejectedPath(path: string, { ending }: OutputFormat): string {
  return `${path.slice(0, -ending.length)}.rejected${ending}`;
}
