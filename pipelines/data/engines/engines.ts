import { duckdb } from "./duckdb/duckdb.ts";

/** The engines, by what `features.engine` calls them: a folder and a line each. */
export const engines = { duckdb };
