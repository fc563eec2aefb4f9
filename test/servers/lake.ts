import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { promisify } from "node:util";
import type { ObjectStorage } from "../../pipelines/data/object-storage/object-storage.ts";
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

/** Appends rows to an Iceberg table as `az://container/folder`, by the library that others use, and puts its files there. */
export async function writeAzureIceberg(storage: ObjectStorage, folder: string, first: number, rows: number) {
  const env = { LAKE_FOLDER: folder };
  await writeLake(
    { endpoint: "", env, catalog: join(folder, "catalog.db") },
    "iceberg",
    "az://acme-models/rides",
    first,
    rows,
  );
  const container = join(folder, "acme-models");
  for (const entry of await readdir(container, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) await storage.put(relative(container, path), await readFile(path));
  }
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
