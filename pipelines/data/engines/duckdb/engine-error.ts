import { EnvironmentError } from "../../../errors/environment-error.ts";

/** What DuckDB says about an error when `errors_as_json` is on. */
export interface EngineError {
  exception_type: string;
  exception_message: string;
  /** Byte offset in the statement, as text. */
  position?: string;
  error_subtype?: string;
  name?: string;
  candidates?: string;
}

/** The parts of an error that came from DuckDB, or null for any other. */
export function engineError(error: unknown): EngineError | null {
  if (!(error instanceof Error)) return null;
  const start = error.message.indexOf('{"exception_type"');
  if (start < 0) return null;
  try {
    return JSON.parse(error.message.slice(start)) as EngineError;
  } catch {
    return null;
  }
}

const diskTrouble = /no space left|disk full|read-only file system|permission denied|input\/output error/i;

/** The machine ran out of memory or its disk failed; null when the statement itself is at fault. */
export function machineError(error: unknown, tried: string): EnvironmentError | null {
  const found = engineError(error);
  if (!found) return null;
  const [message = ""] = found.exception_message.split("\n");
  if (diskTrouble.test(found.exception_message)) {
    return new EnvironmentError(message, { tried, safe: "nothing was stored" }, { cause: error });
  }
  if (found.exception_type !== "Out of Memory") return null;
  const safe = "nothing was stored; raise resources.memory_gb in model.yaml if the machine has more";
  return new EnvironmentError(message, { tried, safe }, { cause: error });
}
