import type { EngineFailure } from "../session.ts";

/** What DuckDB says about an error when `errors_as_json` is on. */
export interface DuckdbError {
  exception_type: string;
  exception_message: string;
  /** Byte offset in the statement, as text. */
  position?: string;
  error_subtype?: string;
  name?: string;
  candidates?: string;
}

/** The parts of an error that came from DuckDB, or null for any other. */
export function duckdbError(error: unknown): DuckdbError | null {
  if (!(error instanceof Error)) return null;
  const start = error.message.indexOf('{"exception_type"');
  if (start < 0) return outOfMemoryInWords(error.message);
  try {
    return JSON.parse(error.message.slice(start)) as DuckdbError;
  } catch {
    return null;
  }
}

/**
 * Where it could not reserve memory at all, the engine has no setting to ask and no JSON to build; and no words either, as the
 * binding then says "Failed to query", when there is none left for them. All else that fails it has words for.
 */
function outOfMemoryInWords(message: string): DuckdbError | null {
  const found = /^(?:Out of Memory Error: (.*)|std::bad_alloc|Failed to (?:query|prepare))$/s.exec(message);
  return found && { exception_type: "Out of Memory", exception_message: found[1] ?? "Allocation failure" };
}

const diskTrouble = /no space left|disk full|read-only file system|permission denied|input\/output error/i;

/** A DuckDB error in the words of all engines, or null for any other. */
export function duckdbFailure(error: unknown): EngineFailure | null {
  const found = duckdbError(error);
  return found && { message: found.exception_message, cause: causeOf(found) };
}

function causeOf({ exception_type, exception_message }: DuckdbError): EngineFailure["cause"] {
  if (diskTrouble.test(exception_message)) return "disk";
  if (exception_type === "Out of Memory") return "memory";
  return /^(interrupt|fatal)$/i.test(exception_type) ? "stopped" : "statement";
}
