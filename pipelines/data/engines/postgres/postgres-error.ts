import type { EngineFailure } from "../session.ts";

/** What PostgreSQL says of an error: see the protocol's fields. */
export interface PostgresError extends Error {
  /** SQLSTATE. */
  code: string;
  severity: string;
  /** Counts characters of the statement from 1, as text. */
  position?: string;
  detail?: string;
  hint?: string;
}

/** The parts of an error that came from PostgreSQL, or null for any other. */
export function postgresError(error: unknown): PostgresError | null {
  if (!(error instanceof Error) || !("code" in error) || !("severity" in error)) return null;
  return /^[0-9A-Z]{5}$/.test(String(error.code)) ? (error as PostgresError) : null;
}

/** A PostgreSQL error in the words of all engines, or null for any other. */
export function postgresFailure(error: unknown): EngineFailure | null {
  const found = postgresError(error);
  return found && { message: found.message, cause: causeOf(found.code) };
}

/** 53100 and 53400: the server's disk, or its limit on temporary files, is full. */
function causeOf(code: string): EngineFailure["cause"] {
  if (code === "53100" || code === "53400" || code === "58030") return "disk";
  if (code === "53200") return "memory";
  return isStopped(code) ? "stopped" : "statement";
}

/** Whether the server ended the statement, or the connection with it. */
function isStopped(code: string): boolean {
  return /^(08|57P|XX|25P0[34])/.test(code) || code === "57014";
}

/** Whether the connection is gone, or could not be had now, so that asking again from the start may help. */
export function isPassing(error: unknown): boolean {
  const found = postgresError(error);
  if (found) return /^(08...|57P0[123]|53300)$/.test(found.code);
  return connectionWords(error) !== null;
}

const networkCodes: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there",
  ECONNRESET: "the connection was cut",
  EPIPE: "the connection was cut",
  ETIMEDOUT: "nothing answers there",
  EHOSTUNREACH: "there is no way to it",
  ENETUNREACH: "there is no way to it",
  ENOTFOUND: "there is no host of this name",
  EAI_AGAIN: "its name cannot be looked up now",
};

/** How the connection failed; null when something else did. The library has errors of its own for what it notices itself. */
export function connectionWords(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  if (error instanceof AggregateError) return connectionWords(error.errors[0]);
  const code = "code" in error ? networkCodes[String(error.code)] : undefined;
  if (code !== undefined) return code;
  if (/connection terminated|connection ended|not queryable|closed the connection/i.test(error.message))
    return "the connection was cut";
  return /timeout expired|connection timeout/i.test(error.message) ? "nothing answers there" : null;
}
