import type { Session } from "../data/engines/session.ts";
import { quoteName, quoteText } from "../data/engines/tables.ts";
import { predictedColumns } from "../data/scores-table.ts";
import { logKey, logNames } from "./log-layout.ts";
import type { OutputFormat } from "./output-format.ts";
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
export interface LogBatchFacts {
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
