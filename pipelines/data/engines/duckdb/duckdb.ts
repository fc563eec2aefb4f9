import { extname } from "node:path";
import type { FileEngine } from "../engine.ts";
import type { FileDialect } from "../session.ts";
import { duckdbDialect, keptValue, openDuckdbSession, quoteText } from "./duckdb-session.ts";
import { openDuckdb } from "./process/open-duckdb.ts";

const readers: Readonly<Record<string, ReturnType<FileDialect["readerOf"]>>> = {
  ".parquet": "read_parquet",
  ".json": "read_json",
  ".jsonl": "read_json",
  ".ndjson": "read_json",
};

/** DuckDB's SQL over files. */
const duckdbFiles: FileDialect = {
  ...duckdbDialect,
  keptValue,
  readerOf: (file) => readers[extname(file.replace(/\.(gz|zst)$/i, "")).toLowerCase()] ?? "read_csv",
  levels(type, levels) {
    if (levels.length === 0) return { declare: "SELECT 1", codeOf: () => "CAST(NULL AS INTEGER)" };
    return {
      declare: `CREATE TYPE ${type} AS ENUM (${levels.map(quoteText).join(", ")})`,
      codeOf: (text) => `CAST(enum_code(TRY_CAST(${text} AS ${type})) AS INTEGER)`,
    };
  },
  textOfLargest(values, texts) {
    const scores = values.join(", ");
    return `[${texts.map(quoteText).join(", ")}][list_position([${scores}], list_max([${scores}]))]`;
  },
};

/** DuckDB: runs feature queries in a process of its own, and our SQL over our files in this one. */
export const duckdb: FileEngine = { start: openDuckdb, dialect: duckdbFiles, openSession: openDuckdbSession };
