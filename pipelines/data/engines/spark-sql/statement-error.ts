import type { EngineFailure } from "../dialect.ts";

/** Why Spark did not run a statement. */
export interface Reason {
  /** In a line. */
  message: string;
  /** Spark's name for it, e.g. `UNRESOLVED_COLUMN.WITH_SUGGESTION`; empty when there is none. */
  condition: string;
  /** Where in the statement, counted from 1 and 0 as Spark does; null when it does not say. */
  at: { line: number; column: number } | null;
}

/** A statement that Spark did not run, and why. */
export class StatementError extends Error {
  readonly reason: Reason;

  constructor(reason: Reason) {
    super(reason.message);
    this.name = "StatementError";
    this.reason = reason;
  }
}

/** Takes Spark's text of an error apart: `…Exception: [CONDITION] message. SQLSTATE: 42703; line 1 pos 7;` and a plan or a stack. */
export function statementReason(text: string): Reason {
  const start = text.search(/\[[A-Z][A-Z0-9_.]+\]/);
  const condition = /^\[([A-Z][A-Z0-9_.]+)\]/.exec(start < 0 ? "" : text.slice(start))?.[1] ?? "";
  const place = /line (\d+),? pos (\d+)/.exec(text);
  const [words = ""] = text.slice(Math.max(start, 0)).split(/\n\s*at |\n== |;\n|\n'|\nCaused by/);
  const message = words
    .replace(/^(\s*\[[A-Z0-9_.]+\]|\s*[\w.]+Exception:)+\s*/, "")
    .replace(/\s*SQLSTATE: \w+/g, "")
    .replace(/[;,]?\s*\(?line \d+,? pos \d+\)?;?/g, "")
    .replace(/ (If necessary set|To tolerate the error on drop|If you did not qualify) .*/s, "")
    .replace(/\s+/g, " ")
    .trim();
  return {
    message: (message === "" ? "Spark did not say why" : message).slice(0, 2_000),
    condition,
    at: place && { line: Number(place[1]), column: Number(place[2]) },
  };
}

const memory = /OutOfMemoryError|UNABLE_TO_ACQUIRE_MEMORY|GC overhead|Container killed|maxResultSize/i;
const disk = /No space left|Disk quota|Read-only file system|AccessDenied|Permission denied|AccessControlException/i;

/** A statement's failure in the words of all engines, or null for any other error. */
export function sparkFailure(error: unknown): EngineFailure | null {
  if (!(error instanceof StatementError)) return null;
  const { message, condition } = error.reason;
  const text = `${condition} ${message}`;
  if (memory.test(text)) return { message, cause: "memory" };
  if (disk.test(text)) return { message, cause: "disk" };
  return { message, cause: /OPERATION_CANCELED|cancelled|canceled/i.test(text) ? "stopped" : "statement" };
}
