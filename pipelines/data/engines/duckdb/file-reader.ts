import { extname } from "node:path";

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
