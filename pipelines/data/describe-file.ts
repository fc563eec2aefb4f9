import { extname, resolve } from "node:path";
import { UserError } from "../errors/user-error.ts";
import { engineError } from "./engines/duckdb/engine-error.ts";
import { quoteName, quoteText } from "./engines/duckdb/quote.ts";
import { openSession } from "./engines/duckdb/session.ts";

/** A data file, as far as a first model of it needs to know. */
export interface FileDescription {
  /** `type` is DuckDB's word, e.g. `BIGINT`; `distinct` and `nulls` are exact. */
  columns: { name: string; type: string; distinct: number; nulls: number }[];
  rows: number;
}

/** Columns and rows of a CSV, Parquet or JSON file that the operator names. Throws UserError when it cannot be read. */
export async function describeFile(path: string): Promise<FileDescription> {
  const file = resolve(path);
  using session = await openSession({ readable: [], writable: [file] });
  try {
    const from = `${readerOf(file)}(${quoteText(file)})`;
    const columns = await session.rows(`DESCRIBE FROM ${from}`);
    const counts = columns.map(({ column_name }, at) => {
      const name = quoteName(String(column_name));
      return `count(DISTINCT ${name}) AS distinct_${at}, count(*) - count(${name}) AS nulls_${at}`;
    });
    const row = await session.row(`SELECT ${["count(*) AS rows", ...counts].join(", ")} FROM ${from}`);
    return {
      columns: columns.map(({ column_name, column_type }, at) => ({
        name: String(column_name),
        type: String(column_type),
        distinct: Number(row[`distinct_${at}`]),
        nulls: Number(row[`nulls_${at}`]),
      })),
      rows: Number(row.rows),
    };
  } catch (error) {
    const reason = engineError(error)?.exception_message.split("\n")[0];
    if (reason === undefined) throw error;
    throw new UserError(
      { message: `${path} cannot be read: ${reason}`, hint: "give a CSV, Parquet or JSON file" },
      { cause: error },
    );
  }
}

/** DuckDB's function for a file, by its ending; CSV when it is none we know. */
export function readerOf(file: string): string {
  return readers[extname(file.replace(/\.(gz|zst)$/i, "")).toLowerCase()] ?? "read_csv";
}

const readers: Readonly<Record<string, string>> = {
  ".parquet": "read_parquet",
  ".json": "read_json",
  ".jsonl": "read_json",
  ".ndjson": "read_json",
};
