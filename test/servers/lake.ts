import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { serverFolder } from "./start-server.ts";

/** DuckDB's extensions as `scripts/install-servers.sh` installs them. */
export const extensionFolder = join(serverFolder, "duckdb-extensions");

/** A place for tables on an S3 server. */
export interface Lake {
  endpoint: string;
  env: Readonly<Record<string, string>>;
  /** File of Iceberg's catalog. */
  catalog: string;
}

/** Appends rows to a Delta or Iceberg table, or writes a Parquet file, by the libraries that others use. */
export async function writeLake(
  { endpoint, env, catalog }: Lake,
  kind: "delta" | "iceberg" | "parquet",
  url: string,
  first: number,
  rows: number,
): Promise<void> {
  const args = [join(import.meta.dirname, "write-lake.py"), kind, url, String(first), String(rows)];
  await promisify(execFile)(join(serverFolder, "lakes/bin/python"), args, {
    env: { ...process.env, ...env, LAKE_ENDPOINT: endpoint, LAKE_CATALOG: catalog },
  });
}
