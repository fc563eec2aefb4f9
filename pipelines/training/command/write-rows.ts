import { join } from "node:path";
import { chunkRows, type FilledType, type FilledValue, type Session } from "../../data/engines/session.ts";
import { machineError, openSession, quoteName, quoteText } from "../../data/engines/tables.ts";
import type { FeatureColumn, Table } from "../../data/table.ts";

/** One column as the file has it. */
interface FileColumn {
  name: string;
  type: FilledType;
  valueAt(row: number): FilledValue;
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
  const declared = columns.map(({ name, type }) => `${quoteName(name)} ${type}`);
  await session.run(`CREATE TEMP TABLE training (${declared.join(", ")})`);
  const types = columns.map(({ type }) => type);
  const appender = await session.appender("training", types);
  try {
    for (let start = 0; start < rows; start += chunkRows) {
      const size = Math.min(chunkRows, rows - start);
      appender.append(size, (at) => Array.from({ length: size }, (_, row) => columns[at]!.valueAt(start + row)));
    }
  } finally {
    appender.close();
  }
}
