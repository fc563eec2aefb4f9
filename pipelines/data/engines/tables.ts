import { randomUUID } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EnvironmentError } from "../../errors/expected-error.ts";
import { duckdb } from "./duckdb/duckdb.ts";
import { machineErrorIn } from "./machine-error.ts";
import type { Session, SessionOptions } from "./session.ts";

/** The engine that our own SQL runs on: over stored datasets, prediction logs, samples and rows to score. */
const tables = duckdb;

/** The SQL of these tables. */
export const tableDialect = tables.dialect;

/** GB that a session holds in memory when nobody says how many: as many as a model's `resources.memory_gb`, left out. */
const usualGb = 4;

/** GB for work in a command's own process that grows with the rows: of 20 million it stays below one. */
const frugalGb = 0.5;

/**
 * Opens a connection that reaches nothing but what it is given, with no external access, no extensions, in UTC. Without a limit of
 * its own it has one that does not depend on the machine, and spills what is more.
 */
export function openSession(options: SessionOptions): Promise<Session> {
  return tables.openSession(
    options.memory_gb === undefined ? { memory_gb: usualGb, ...spilling(), ...options } : options,
  );
}

/** One that spills early, for all the rows of a split, so that a command's own process stays small. */
export function openFrugalSession(options: Omit<SessionOptions, "memory_gb">): Promise<Session> {
  return tables.openSession({ memory_gb: frugalGb, ...spilling(), ...options });
}

/** The engine makes the folder when it needs one, and takes it away as it closes. */
function spilling(): Pick<SessionOptions, "spill"> {
  return { spill: join(tmpdir(), `mergeml-spill-${randomUUID()}`) };
}

/** See Dialect. */
export const { quoteName, quoteText, plainValue, keptValue, readerOf } = tableDialect;

/** What is known of an error; null when it did not come from the engine. */
export const engineFailure = tableDialect.failure;

/** The machine ran out of memory or its disk failed; null when the statement itself is at fault. */
export function machineError(error: unknown, tried: string): EnvironmentError | null {
  return machineErrorIn(tableDialect, error, tried);
}
