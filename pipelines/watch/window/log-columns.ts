import type { Session, SourceColumn } from "../../data/engines/session.ts";
import { quoteName } from "../../data/engines/tables.ts";
import { predictedColumns } from "../../data/scores-table.ts";
import type { FeatureSpec } from "../../data/table.ts";
import { absentFeature, convertFeature } from "../../predictions/convert-feature.ts";
import { logNames, reservedColumns } from "../../predictions/log-layout.ts";
import type { WindowJob } from "./drift-window.ts";
import type { LogFile } from "./log-rows.ts";

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
