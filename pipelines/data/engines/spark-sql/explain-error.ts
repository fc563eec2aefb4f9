import { EnvironmentError } from "../../../errors/environment-error.ts";
import { UserError } from "../../../errors/user-error.ts";
import { isUnsent } from "../../../ports/request.ts";
import type { SqlText } from "../../sql-text.ts";
import type { SparkQuery } from "./allow-query.ts";
import { HttpStatusError } from "./http-status-error.ts";
import { StatementError, sparkFailure } from "./statement-error.ts";

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
