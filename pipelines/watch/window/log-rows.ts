import { basename } from "node:path";
import type { SourceColumn } from "../../data/columns.ts";
import type { Session } from "../../data/engines/session.ts";
import { engineFailure, machineError, plainValue, quoteName, quoteText } from "../../data/engines/tables.ts";
import type { WindowJob } from "./drift-window.ts";
import type { LogColumns } from "./log-columns.ts";
import { sqlTime } from "./window-rows.ts";

/** A file of the prediction log that can be read. */
export interface LogFile {
  path: string;
  /** Its place in SQL. */
  from: string;
  columns: ReadonlyMap<string, SourceColumn>;
  /** SQL that is true for rows of the interval that the production version predicted. */
  wanted: string;
  /** How many of them, and of other versions' rows in the interval. */
  rows: number;
  others: number;
}

/** Looks into a file. Gives the reason when it is no prediction log; throws the engine's error when it cannot be read. */
export async function openLogFile(
  session: Session,
  { record, interval }: WindowJob,
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
  const { rows, others } = await session.row(
    `SELECT count(*) FILTER (${version}) AS rows, count(*) FILTER (NOT ${version}) AS others FROM ${from} WHERE ${inside}`,
  );
  return { path, from, columns, wanted: `${inside} AND ${version}`, rows: Number(rows), others: Number(others) };
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
