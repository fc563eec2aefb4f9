import type { Task } from "../config/model-config.ts";
import type { DatasetRef, DatasetStore } from "./dataset-store.ts";
import type { Session } from "./engines/session.ts";
import { quoteName } from "./engines/tables.ts";
import { type ColumnSink, levelCodes, readInto, withDataset } from "./stored-columns.ts";

/** Float32 because that is what the ONNX graph gets: the trainer sees what serving will see. NaN is a missing value; booleans are 0 and 1. */
export interface NumberColumn {
  name: string;
  kind: "number" | "boolean";
  values: Float32Array;
}

/** Dictionary encoded. `levels` are sorted by code point; a null is the empty string, as in serving. */
export interface CategoryColumn {
  name: string;
  kind: "category";
  codes: Int32Array;
  levels: readonly string[];
}

export type FeatureColumn = NumberColumn | CategoryColumn;
type FeatureKind = FeatureColumn["kind"];

/** Name and kind of a model input, in the order of the query. The model's signature. */
export interface FeatureSpec {
  name: string;
  kind: FeatureKind;
}

/** What the trainer is to predict. Regression targets are finite. Classes are sorted by code point (numbers in numeric order). */
export type Target =
  | { task: "regression"; values: Float64Array }
  | { task: "classification"; codes: Int32Array; classes: readonly string[] };

/** The columns of one split in memory, rows in the dataset's canonical order (by row hash). */
export interface Table {
  rows: number;
  features: readonly FeatureColumn[];
  target: Target;
}

/** Which columns of a split a trainer or an evaluation wants. */
export interface TableSpec {
  features: readonly FeatureSpec[];
  target: string;
  task: Task;
  classes: readonly string[];
}

/**
 * A stored split as typed arrays, in the dataset's row order. Missing numbers are NaN and missing categories the empty
 * string. Throws EnvironmentError when the dataset is missing, has other rows, or has a target outside `classes`.
 */
export function loadTable(store: DatasetStore, ref: DatasetRef, spec: TableSpec): Promise<Table> {
  return withDataset(store, ref, async (session, from) => {
    const target = await targetSink(session, ref, spec);
    const features = await loadColumns(session, from, ref, spec.features, [target.sink]);
    return { rows: ref.rows, features, target: target.target };
  });
}

/** Feature columns of `from`, a relation of as many rows as `ref` says, and what other sinks take, in one pass. */
export async function loadColumns(
  session: Session,
  from: string,
  ref: DatasetRef,
  features: readonly FeatureSpec[],
  sinks: readonly ColumnSink[],
): Promise<FeatureColumn[]> {
  const columns = [];
  for (const [at, feature] of features.entries()) columns.push(await featureSink(session, from, ref, feature, at));
  await readInto(session, from, ref, [...sinks, ...columns.map(({ sink }) => sink)]);
  return columns.map(({ column }) => column);
}

async function targetSink(
  session: Session,
  { rows }: DatasetRef,
  { target, task, classes }: TableSpec,
): Promise<{ sink: ColumnSink; target: Target }> {
  const column = quoteName(target);
  if (task === "regression") {
    const values = new Float64Array(rows);
    return { sink: { sql: `CAST(${column} AS DOUBLE)`, values }, target: { task, values } };
  }
  const codes = new Int32Array(rows);
  const codeOf = await levelCodes(session, "mergeml_classes", classes);
  return { sink: { sql: codeOf(`CAST(${column} AS VARCHAR)`), values: codes }, target: { task, codes, classes } };
}

async function featureSink(
  session: Session,
  from: string,
  { rows }: DatasetRef,
  { name, kind }: FeatureSpec,
  at: number,
): Promise<{ sink: ColumnSink; column: FeatureColumn }> {
  if (kind !== "category") {
    // As DOUBLE, because DuckDB refuses to cast what overflows a FLOAT; the array rounds to the nearest float32.
    const values = new Float32Array(rows);
    return { sink: { sql: `CAST(${quoteName(name)} AS DOUBLE)`, values }, column: { name, kind, values } };
  }
  const text = `coalesce(${quoteName(name)}, '')`;
  const type = `mergeml_levels_${at}`;
  await session.run(`CREATE TYPE ${type} AS ENUM (SELECT DISTINCT ${text} AS level FROM ${from} ORDER BY level)`);
  const levels = await session.rows(`SELECT unnest(enum_range(CAST(NULL AS ${type}))) AS level`);
  const codes = new Int32Array(rows);
  const sql = `CAST(enum_code(CAST(${text} AS ${type})) AS INTEGER)`;
  return {
    sink: { sql, values: codes },
    column: { name, kind, codes, levels: levels.map(({ level }) => String(level)) },
  };
}
