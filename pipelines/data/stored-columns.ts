import { dirname } from "node:path";
import { EnvironmentError } from "../errors/expected-error.ts";
import { numberText } from "../statistics/format-number.ts";
import type { DatasetRef, DatasetStore } from "./dataset-store.ts";
import type { Session, Vector } from "./engines/session.ts";
import { machineError, openSession, quoteName, quoteText, tableDialect } from "./engines/tables.ts";

/** An expression over a stored dataset and the array that takes its values, one per row; null becomes NaN, or an error in codes. */
export interface ColumnSink {
  sql: string;
  values: Float32Array | Float64Array | Int32Array;
}

/** Opens a stored dataset for reading and nothing else. `from` is its place in SQL, in the stored row order. */
export async function withDataset<T>(
  store: DatasetStore,
  ref: DatasetRef,
  work: (session: Session, from: string) => Promise<T>,
): Promise<T> {
  const file = await store.path(ref.fingerprint);
  using session = await openSession({ readable: [dirname(file)] });
  try {
    return await work(session, `read_parquet(${quoteText(file)})`);
  } catch (error) {
    throw machineError(error, `to read ${file}`) ?? error;
  }
}

/** Streams all sinks in one pass, chunk by chunk; no row becomes an object. Throws EnvironmentError when the rows are not those of the ref. */
export async function readInto(
  session: Session,
  from: string,
  ref: DatasetRef,
  sinks: readonly ColumnSink[],
): Promise<void> {
  if (sinks.length === 0) return;
  let row = 0;
  for await (const chunk of session.stream(`SELECT ${sinks.map(({ sql }) => sql).join(", ")} FROM ${from}`)) {
    if (row + chunk.rows > ref.rows) throw notTheDataset(ref, `more than ${ref.rows} rows`);
    for (const [column, { values }] of sinks.entries()) copyColumn(chunk.columns[column]!, values, row, ref);
    row += chunk.rows;
  }
  if (row !== ref.rows) throw notTheDataset(ref, `${row} rows instead of ${ref.rows}`);
}

function copyColumn(vector: Vector, values: ColumnSink["values"], start: number, ref: DatasetRef): void {
  const isCodes = values instanceof Int32Array;
  for (let index = 0; index < vector.itemCount; index++) {
    const item = vector.getItem(index) as number | null;
    if (item === null && isCodes) throw notTheDataset(ref, "a value that is not among its levels");
    values[start + index] = item === null ? Number.NaN : item;
  }
}

function notTheDataset({ fingerprint }: DatasetRef, found: string): EnvironmentError {
  return new EnvironmentError(`the stored dataset ${fingerprint} has ${found}`, {
    tried: "to read it from the dataset store",
    safe: "nothing was changed; delete the dataset and run the training again to store it anew",
  });
}

/** Names a list of levels as a type of the session and returns SQL for the position of a text in it; null when it is not there. */
export async function levelCodes(
  session: Session,
  type: string,
  levels: readonly string[],
): Promise<(text: string) => string> {
  const { declare, codeOf } = tableDialect.levels(type, levels);
  await session.run(declare);
  return codeOf;
}

/** The group of each row, by position in `levels`. */
export interface Groups {
  codes: Int32Array;
  levels: readonly string[];
}

/** A numeric column with more distinct values than this is cut at its quartiles. */
const mostLevels = 50;

/**
 * The slices of a stored split by one column, in the dataset's row order. Texts, booleans and columns of few values have a
 * level each, in their own order; other numbers and dates are cut at their quartiles, `[0.2, 1.1)`. Missing is `null`, last.
 */
export async function loadGroups(store: DatasetStore, ref: DatasetRef, column: string): Promise<Groups> {
  const type = ref.columns.find(({ name }) => name === column)?.type;
  if (type === undefined) {
    throw new EnvironmentError(`the stored dataset ${ref.fingerprint} has no column ${column}`, {
      tried: "to slice it",
      safe: "nothing was changed",
    });
  }
  return withDataset(store, ref, async (session, from) => {
    const { label, levels } = await labelsOf(session, from, quoteName(column), type);
    const codes = new Int32Array(ref.rows);
    const codeOf = await levelCodes(session, "mergeml_groups", levels);
    await readInto(session, from, ref, [{ sql: codeOf(label), values: codes }]);
    return { codes, levels };
  });
}

interface Labels {
  /** SQL for a row's label. */
  label: string;
  levels: readonly string[];
}

async function labelsOf(session: Session, from: string, name: string, type: string): Promise<Labels> {
  const column = type === "double" ? `CASE WHEN isnan(${name}) THEN NULL ELSE ${name} END` : name;
  const ordered = type !== "text" && type !== "boolean";
  const { values } = await session.row(`SELECT count(DISTINCT ${column}) AS values FROM ${from}`);
  if (ordered && Number(values) > mostLevels) return quartileLabels(session, from, column, type);
  const text =
    type === "double" ? `regexp_replace(CAST(${column} AS VARCHAR), '\\.0$', '')` : `CAST(${column} AS VARCHAR)`;
  const label = `coalesce(${text}, 'null')`;
  const rows = await session.rows(
    `SELECT ${label} AS label FROM ${from} GROUP BY ALL ORDER BY min(${column}) NULLS LAST`,
  );
  return { label, levels: rows.map((row) => String(row.label)) };
}

async function quartileLabels(session: Session, from: string, column: string, type: string): Promise<Labels> {
  const row = await session.row(
    `SELECT ${[0, 0.25, 0.5, 0.75, 1]
      .map((q, at) => `CAST(quantile_disc(${column}, ${q}) AS VARCHAR) AS edge_${at}`)
      .join(", ")}, bool_or(${column} IS NULL) AS missing FROM ${from}`,
  );
  const edges = [...new Set([0, 1, 2, 3, 4].map((at) => String(row[`edge_${at}`])))];
  const isTime = type === "date" || type === "timestamp" || type === "time";
  const shown = (edge: string) => (isTime ? edge : numberText(Number(edge)));
  const cuts = edges.slice(1, -1);
  const levels = edges
    .slice(1)
    .map((edge, at) => `[${shown(edges[at] ?? edge)}, ${shown(edge)}${at === edges.length - 2 ? "]" : ")"}`);
  const compared = (edge: string) =>
    isTime ? `CAST(${column} AS VARCHAR) < ${quoteText(edge)}` : `${column} < ${edge}`;
  const cases = cuts.map((edge, at) => `WHEN ${compared(edge)} THEN ${quoteText(levels[at] ?? "")}`);
  const label = `CASE WHEN ${column} IS NULL THEN 'null' ${cases.join(" ")} ELSE ${quoteText(levels.at(-1) ?? "")} END`;
  return { label, levels: row.missing === true ? [...levels, "null"] : levels };
}

/** Numbers from 0 on, the same for rows of a stored split that share their value of `column`, in the dataset's row order. */
export function loadClusters(store: DatasetStore, ref: DatasetRef, column: string): Promise<Int32Array> {
  return withDataset(store, ref, async (session) => {
    const codes = new Int32Array(ref.rows);
    const rows = `read_parquet(${quoteText(await store.path(ref.fingerprint))}, file_row_number = true)`;
    const numbered = `(SELECT cluster FROM (SELECT CAST(dense_rank() OVER (ORDER BY ${quoteName(column)}) - 1 AS INTEGER) AS cluster,
      file_row_number AS place FROM ${rows}) ORDER BY place)`;
    await readInto(session, numbered, ref, [{ sql: "cluster", values: codes }]);
    return codes;
  });
}
