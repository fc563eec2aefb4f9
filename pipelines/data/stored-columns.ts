import { dirname } from "node:path";
import { EnvironmentError } from "../errors/environment-error.ts";
import type { DatasetRef } from "./dataset.ts";
import type { DatasetStore } from "./dataset-store.ts";
import type { Session, Vector } from "./engines/session.ts";
import { machineError, openSession, quoteText, tableDialect } from "./engines/tables.ts";

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
