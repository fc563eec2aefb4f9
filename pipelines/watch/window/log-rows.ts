import { basename } from "node:path";
import type { Session, SourceColumn } from "../../data/engines/session.ts";
import { engineFailure, machineError, plainValue, quoteName, quoteText } from "../../data/engines/tables.ts";
import { predictedColumns } from "../../data/scores-table.ts";
import type { FeatureSpec } from "../../data/table.ts";
import { errorColumn, logNames, redactedEntry, reservedColumns } from "../../predictions/log-layout.ts";
import { absentFeature, convertFeature } from "../../predictions/prepare-rows.ts";
import type { VersionRecord } from "../../registry/version-record.ts";
import { sqlTime, type WindowJob } from "./drift-window.ts";

/** A file of the prediction log that can be read. */
export interface LogFile {
  path: string;
  /** Its place in SQL. */
  from: string;
  columns: ReadonlyMap<string, SourceColumn>;
  /** SQL that is true for rows of the interval that the production version was asked for. */
  wanted: string;
  /** SQL that is true for those that it failed on; null when the file does not say. */
  failure: string | null;
  /** How many were wanted, how many of them failed, and how many rows of the interval are of other versions. */
  rows: number;
  failed: number;
  others: number;
  /** Columns that were logged as null on purpose. */
  redacted: ReadonlySet<string>;
}

/** Looks into a file. Gives the reason when it is no prediction log; throws the engine's error when it cannot be read. */
export async function openLogFile(
  session: Session,
  { record, interval }: Pick<WindowJob, "record" | "interval">,
  path: string,
): Promise<LogFile | { reason: string }> {
  if (/[*?[\]{}]/.test(basename(path))) return { reason: "its name is a pattern, which would read other files" };
  const from = `read_parquet(${quoteText(path)}, hive_partitioning = false)`;
  const columns = new Map((await session.columns(`SELECT * FROM ${from}`)).map((each) => [each.name, each]));
  const absent = ["time", "version"].filter((name) => !columns.has(name));
  if (absent.length > 0) return { reason: `it has no column ${absent.join(" and ")}` };
  const time = loggedMoment(columns.get("time"));
  if (time === null) return { reason: `its column time is ${columns.get("time")?.type}, not a timestamp` };
  const model = columns.has("model") ? `CAST(model AS VARCHAR) = ${quoteText(record.model)} AND` : "";
  const inside = `${model} ${time} >= ${timestamp(interval.from)} AND ${time} < ${timestamp(interval.to)}`;
  const version = `coalesce(TRY_CAST("version" AS BIGINT) = ${record.version}, false)`;
  const failure = failureIn(record, columns);
  const { rows, failed, others } = await session.row(
    `SELECT count(*) FILTER (${version}) AS rows, count(*) FILTER (${version} AND ${failure ?? "false"}) AS failed,
      count(*) FILTER (NOT ${version}) AS others FROM ${from} WHERE ${inside}`,
  );
  return {
    ...{ path, from, columns, failure, wanted: `${inside} AND ${version}` },
    ...{ rows: Number(rows), failed: Number(failed), others: Number(others) },
    redacted: await redactedColumns(session, path),
  };
}

/** A feature called `error` is logged under another name; a log that does not do so means the feature. */
function failureIn({ candidate }: VersionRecord, columns: LogFile["columns"]): string | null {
  if (columns.get(errorColumn)?.kind !== "text") return null;
  const names = candidate.features.map(({ name }) => name);
  const at = names.findIndex((name) => name.toLowerCase() === errorColumn);
  const says = at < 0 || columns.has(logNames(names, candidate.classes).features[at] ?? "");
  return says ? `coalesce(${quoteName(errorColumn)} <> '', false)` : null;
}

/** As the server that wrote the file says; of what is no list of texts nothing is known. */
async function redactedColumns(session: Session, path: string): Promise<Set<string>> {
  const found = await session.rows(
    `SELECT decode(value) AS value FROM parquet_kv_metadata(${quoteText(path)}) WHERE decode(key) = ${quoteText(redactedEntry)}`,
  );
  const names = found.flatMap(({ value }) => listOf(String(value)));
  return new Set(names.filter((name) => typeof name === "string"));
}

function listOf(text: string): unknown[] {
  try {
    const value = JSON.parse(text) as unknown;
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}

function timestamp(time: Date): string {
  return `TIMESTAMP ${quoteText(sqlTime(time))}`;
}

/** SQL for a moment in UTC; null for a column that is none. A text without an offset is UTC. */
export function loggedMoment(column: SourceColumn | undefined): string | null {
  if (column?.kind === "timestamp") return plainValue(column);
  if (column?.kind === "date") return `CAST(${quoteName(column.name)} AS TIMESTAMP)`;
  return column?.kind === "text" ? `timezone('UTC', TRY_CAST(${quoteName(column.name)} AS TIMESTAMPTZ))` : null;
}

/** The wanted rows of a file as rows of the window's table. */
export function rowsOfFile({ features, predictions }: LogColumns, file: LogFile): string {
  const { columns, from, wanted } = file;
  const selected = [
    loggedMoment(columns.get("time")) ?? "NULL",
    columns.has("key") ? 'CAST("key" AS VARCHAR)' : "NULL",
    ...features.map(({ valueIn }) => valueIn(columns)),
    ...predictions.map(({ logged, type }) =>
      columns.has(logged) ? `TRY_CAST(${quoteName(logged)} AS ${type})` : "NULL",
    ),
  ];
  return `SELECT ${selected.join(", ")} FROM ${from} WHERE ${wanted}`;
}

/** Why a file cannot be read, in a line. Throws the error when the file is not at fault. */
export function readReason(error: unknown, path: string): string {
  const found = engineFailure(error);
  const machine = machineError(error, `to read ${path}`);
  if (!found || machine || found.cause === "stopped") throw machine ?? error;
  const [line = ""] = found.message.split("\n");
  return line.replaceAll(path, "it").slice(0, 200);
}

interface LogFeature {
  name: string;
  type: string;
  /** `redacted`: logged as null on purpose, at least in a part of the rows. */
  state: "there" | "vanished" | "changed" | "redacted";
  /** SQL for its value in a file with these columns. */
  valueIn(columns: LogFile["columns"]): string;
}

interface LogPrediction {
  name: string;
  /** What the log calls it. */
  logged: string;
  type: string;
  there: boolean;
}

/** The window's columns as the files of a log have them; writers may have changed in between. */
export interface LogColumns {
  features: readonly LogFeature[];
  predictions: readonly LogPrediction[];
  /** Columns that no layout names. */
  added: readonly string[];
}

/** What the files that have rows of the window make of each column. Without such files all columns are there, and empty. */
export async function logColumnsOf(
  session: Session,
  { record }: Pick<WindowJob, "record">,
  files: readonly LogFile[],
): Promise<LogColumns> {
  const { features: specs, classes } = record.candidate;
  const own = specs.map(({ name }) => name);
  const names = logNames(own, classes);
  const features: LogFeature[] = [];
  for (const [at, spec] of specs.entries())
    features.push(await logFeature(session, spec, names.features[at] ?? "", files));
  const has = (name: string) => files.length === 0 || files.some(({ columns }) => columns.has(name));
  const predictions = predictedColumns(classes, own).map(({ name, type }, at) => {
    const logged = names.predictions[at] ?? name;
    return { name, logged, type: type === "text" ? "VARCHAR" : "DOUBLE", there: has(logged) };
  });
  const known = new Set<string>([...reservedColumns, ...names.features, ...names.predictions]);
  const found = new Set(files.flatMap(({ columns }) => [...columns.keys()]));
  return { features, predictions, added: [...found].filter((name) => !known.has(name)) };
}

const types = { number: "DOUBLE", boolean: "BOOLEAN", category: "VARCHAR" } as const;

async function logFeature(
  session: Session,
  spec: FeatureSpec,
  logged: string,
  files: readonly LogFile[],
): Promise<LogFeature> {
  const columnIn = (columns: LogFile["columns"]): SourceColumn | undefined => columns.get(logged);
  const having = files.filter(({ columns }) => columnIn(columns));
  const vanished = files.length > 0 && having.length === 0;
  const absent = absentFeature(spec).value;
  if (files.some(({ redacted }) => redacted.has(logged)))
    return { name: spec.name, type: types[spec.kind], state: "redacted", valueIn: () => absent };
  for (const file of having) {
    const column = columnIn(file.columns);
    if (column && (await isOfAnotherType(session, spec, column, file)))
      return { name: spec.name, type: "VARCHAR", state: "changed", valueIn: (columns) => rawText(columnIn(columns)) };
  }
  return {
    name: spec.name,
    type: types[spec.kind],
    state: vanished ? "vanished" : "there",
    valueIn(columns) {
      const column = columnIn(columns);
      return (column && convertFeature({ ...spec, name: logged }, column)?.value) ?? absent;
    },
  };
}

function rawText(column: SourceColumn | undefined): string {
  return column ? `CAST(${quoteName(column.name)} AS VARCHAR)` : "CAST(NULL AS VARCHAR)";
}

/** Texts of numbers are numbers. A file that breaks here is found, and skipped, when its rows are taken. */
async function isOfAnotherType(
  session: Session,
  spec: FeatureSpec,
  column: SourceColumn,
  { from, wanted }: LogFile,
): Promise<boolean> {
  const conversion = convertFeature(spec, column);
  if (conversion === null) return true;
  if (conversion.refused === null || spec.kind === "category") return false;
  const test = `SELECT bool_or(${conversion.refused}) AS refused FROM ${from} WHERE ${wanted}`;
  const found = await session.row(test).catch(() => null);
  return found?.refused === true;
}
