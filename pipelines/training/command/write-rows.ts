import { join } from "node:path";
import type { DuckDBDataChunk } from "@duckdb/node-api";
import { machineError } from "../../data/engines/duckdb/engine-error.ts";
import { quoteName, quoteText } from "../../data/engines/duckdb/quote.ts";
import { openSession, type Session } from "../../data/engines/duckdb/session.ts";
import type { FeatureColumn, Table } from "../../data/table.ts";

/** Rows of one chunk: DuckDB's own vector size. */
const chunkRows = 2048;

/** One column as the file has it. */
interface FileColumn {
  name: string;
  type: "FLOAT" | "DOUBLE" | "VARCHAR";
  valueAt(row: number): number | string | null;
}

/**
 * Writes features and target, in the table's row order, with the types that the model will be served: floats with null where
 * a number is missing, texts that are empty where a category is missing. Neither the key nor the time is in it, so that a
 * program cannot learn from what serving does not have.
 */
export async function writeRows(table: Table, target: string, folder: string, file: string): Promise<void> {
  const path = join(folder, file);
  using session = await openSession({ readable: [], writable: [path] });
  try {
    await fill(session, table.rows, [...table.features.map(featureColumn), targetColumn(target, table)]);
    const format = file.endsWith(".csv") ? "FORMAT csv, HEADER" : "FORMAT parquet, COMPRESSION zstd";
    await session.run(`COPY training TO ${quoteText(path)} (${format})`);
  } catch (error) {
    throw machineError(error, `to write the rows of the training to ${path}`) ?? error;
  }
}

function featureColumn(column: FeatureColumn): FileColumn {
  if (column.kind === "category") {
    const { name, codes, levels } = column;
    return { name, type: "VARCHAR", valueAt: (row) => levels[codes[row]!] ?? "" };
  }
  const { name, values } = column;
  return { name, type: "FLOAT", valueAt: (row) => (Number.isNaN(values[row]) ? null : values[row]!) };
}

function targetColumn(name: string, { target }: Table): FileColumn {
  if (target.task === "regression") return { name, type: "DOUBLE", valueAt: (row) => target.values[row]! };
  return { name, type: "VARCHAR", valueAt: (row) => target.classes[target.codes[row]!]! };
}

async function fill(session: Session, rows: number, columns: readonly FileColumn[]): Promise<void> {
  const { DuckDBDataChunk, FLOAT, DOUBLE, VARCHAR } = await import("@duckdb/node-api");
  const declared = columns.map(({ name, type }) => `${quoteName(name)} ${type}`);
  await session.run(`CREATE TABLE training (${declared.join(", ")})`);
  const types = columns.map(({ type }) => ({ FLOAT, DOUBLE, VARCHAR })[type]);
  const appender = await session.connection.createAppender("training");
  try {
    for (let start = 0; start < rows; start += chunkRows) {
      const size = Math.min(chunkRows, rows - start);
      appender.appendDataChunk(filled(DuckDBDataChunk.create(types, size), columns, start, size));
    }
  } finally {
    appender.closeSync();
  }
}

function filled(chunk: DuckDBDataChunk, columns: readonly FileColumn[], start: number, size: number): DuckDBDataChunk {
  for (const [at, { valueAt }] of columns.entries()) {
    chunk.setColumnValues(
      at,
      Array.from({ length: size }, (_, row) => valueAt(start + row)),
    );
  }
  return chunk;
}
