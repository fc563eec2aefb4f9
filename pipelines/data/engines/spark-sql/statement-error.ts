import { EnvironmentError, UserError } from "../../../errors/expected-error.ts";
import { isUnsent } from "../../../ports/request.ts";
import type { SqlText } from "../engine.ts";
import type { EngineFailure } from "../session.ts";
import type { SparkQuery } from "./allow-query.ts";

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

/** An answer of a server that says no in its HTTP status. */
export class HttpStatusError extends Error {
  readonly status: number;

  constructor(status: number, message = `HTTP ${status}`) {
    super(message);
    this.name = "HttpStatusError";
    this.status = status;
  }
}

/** What an error is told about: the server, and what was being done there. */
export interface Doing {
  /** The source's name in mergeml.yaml. */
  source: string;
  /** The server, for messages; without user and password. */
  host: string;
  /** The variable that has the address, or the token. */
  variable: string;
  /** E.g. `to run models/x/features.sql`. */
  tried: string;
  /** While the user's own query runs: what is wrong with it is the user's to mend. */
  query?: { sql: SqlText; allowed: SparkQuery } | undefined;
}

const safe = "nothing was stored; run it again when that is mended";

/** The error to throw for one of a statement or a request; others are given back as they are. */
export function inOurWords(error: unknown, doing: Doing): unknown {
  if (error instanceof StatementError) return ofStatement(error, doing);
  if (error instanceof HttpStatusError) return ofStatus(error, doing);
  const reason = networkReason(error);
  if (reason === null) return error;
  const { tried, host } = doing;
  return new EnvironmentError(`the server ${host} does not answer: ${reason}`, { tried, safe }, { cause: error });
}

function ofStatement(error: StatementError, { tried, query, source }: Doing): Error {
  const { message, condition } = error.reason;
  const failure = sparkFailure(error)!;
  if (failure.cause === "memory" || failure.cause === "disk") {
    const words = failure.cause === "memory" ? "ran out of memory" : "could not read or write its files";
    return new EnvironmentError(`the cluster of ${source} ${words}: ${message}`, { tried, safe }, { cause: error });
  }
  if (query && condition !== "") {
    return new UserError({ message, where: query.allowed.locate(error.reason) }, { cause: error });
  }
  return new EnvironmentError(`the cluster of ${source} did not do it: ${message}`, { tried, safe }, { cause: error });
}

function ofStatus({ status }: HttpStatusError, { tried, host, variable, source }: Doing): Error {
  if (status === 401 || status === 403) {
    return new UserError({
      message: `the server ${host} of the source ${source} does not let us in (HTTP ${status})`,
      hint: `look at what ${variable} signs in with: it is wrong, or has expired, or lacks the right`,
      key: `sources.${source}`,
    });
  }
  if (status === 404 || status === 405) {
    return new UserError({
      message: `the server ${host} of the source ${source} has nothing at this address (HTTP ${status})`,
      hint: `look at the path in ${variable}; a Thrift server's is /cliservice`,
      key: `sources.${source}`,
    });
  }
  return new EnvironmentError(`the server ${host} answered with HTTP ${status}`, { tried, safe });
}

/** In words without an address, which may have a password in it; null for what is no failure of the network. */
function networkReason(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  if (error.name === "TimeoutError") return "it took too long";
  if (isUnsent(error)) return codeOf(error) ?? "no connection";
  return error instanceof TypeError && error.message === "fetch failed"
    ? (codeOf(error) ?? "the connection broke")
    : null;
}

function codeOf(error: unknown): string | null {
  for (let inner = error; inner instanceof Error; inner = inner.cause) {
    if ("code" in inner && typeof inner.code === "string") return inner.code;
  }
  return null;
}

/** Whether the same may succeed later, and nothing was begun. */
export function mayPass(error: unknown): boolean {
  return isUnsent(error) || (error instanceof HttpStatusError && [429, 502, 503, 504].includes(error.status));
}
