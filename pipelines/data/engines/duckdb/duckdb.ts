import type { FileEngine } from "../engine.ts";
import { openDuckdbSession } from "./duckdb-session.ts";
import { duckdbFiles } from "./file-dialect.ts";
import { openDuckdb } from "./process/open-duckdb.ts";

/** DuckDB: runs feature queries in a process of its own, and our SQL over our files in this one. */
export const duckdb: FileEngine = { start: openDuckdb, dialect: duckdbFiles, openSession: openDuckdbSession };
