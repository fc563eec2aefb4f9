import type { EnvironmentError } from "../../errors/environment-error.ts";
import { duckdb } from "./duckdb/duckdb.ts";
import { machineErrorIn } from "./machine-error.ts";

/** The engine that our own SQL runs on: over stored datasets, prediction logs, samples and rows to score. */
const tables = duckdb;

/** The SQL of these tables. */
export const tableDialect = tables.dialect;

/** Opens a connection that reaches nothing but what it is given, with no external access, no extensions, in UTC. */
export const openSession = tables.openSession;

/** See Dialect. */
export const { quoteName, quoteText, plainValue, keptValue, readerOf } = tableDialect;

/** What is known of an error; null when it did not come from the engine. */
export const engineFailure = tableDialect.failure;

/** The machine ran out of memory or its disk failed; null when the statement itself is at fault. */
export function machineError(error: unknown, tried: string): EnvironmentError | null {
  return machineErrorIn(tableDialect, error, tried);
}
