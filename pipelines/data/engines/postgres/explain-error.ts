import { EnvironmentError } from "../../../errors/environment-error.ts";
import { type Problem, UserError } from "../../../errors/user-error.ts";
import { encryptionWords } from "../../encryption-words.ts";
import { locateByte, locateWord } from "../../sql-text.ts";
import type { PrepareJob } from "../engine.ts";
import { outOfTime } from "../query-problems.ts";
import { type PostgresSource, placeOf } from "./address.ts";
import { TimeIsUp } from "./connection.ts";
import { connectionWords, isPassing, type PostgresError, postgresError } from "./postgres-error.ts";
import { InQuery } from "./run-query.ts";

/** Whose error it is. */
export interface ErrorContext {
  server: PostgresSource;
  job: PrepareJob;
  /** What was done, such as "the query". */
  what: string;
}

/** The error to throw, in words about the query and the server and without the password; `passing` when it may help to begin again. */
export function explained(thrown: unknown, context: ErrorContext): { error: unknown; passing: boolean } {
  const { server, job, what } = context;
  const error = thrown instanceof InQuery ? thrown.cause : thrown;
  if (error instanceof TimeIsUp)
    return lasting(new UserError(outOfTime(job.sql, what, job.limits.seconds), { cause: error.cause }));
  const found = postgresError(error);
  const passing = isPassing(error);
  if (found && !passing) return lasting(serverError(found, thrown, context));
  const words = found?.message ?? connectionWords(error) ?? encryptionWords(error);
  if (words === null) return lasting(error);
  const message = `source ${server.name}: no connection to PostgreSQL at ${placeOf(server)}: ${words}`;
  const tried = `${what === "the query" ? "to run" : `${what} of`} ${job.sql.file}, several times where that is safe`;
  return { error: new EnvironmentError(message, { tried, safe: "nothing was stored" }, { cause: error }), passing };
}

function lasting(error: unknown): { error: unknown; passing: boolean } {
  return { error, passing: false };
}

function serverError(found: PostgresError, thrown: unknown, context: ErrorContext): Error {
  const { server, job, what } = context;
  const { sql } = job;
  if (/^28/.test(found.code)) return refusedSignIn(found, server);
  if (found.code === "57014") return new UserError(outOfTime(sql, what, job.limits.seconds), { cause: found });
  if (thrown instanceof InQuery) return new UserError(problemOf(found, thrown.prefix, context), { cause: found });
  if (/^(53|58|XX|3D)/.test(found.code)) {
    const safe = "nothing was stored";
    return new EnvironmentError(
      `source ${server.name}: ${found.message}`,
      { tried: `to run ${sql.file} at ${placeOf(server)}`, safe },
      { cause: found },
    );
  }
  return found;
}

/** Where who signs in is not let in, whatever is tried again. */
function refusedSignIn({ message, code }: PostgresError, server: PostgresSource): UserError {
  const key = `sources.${server.name}`;
  const from = server.variable === null ? "the source's address" : server.variable;
  const words = code === "28P01" ? "the server refuses the password" : message;
  const hint = `look at the user and the password in ${from}`;
  return new UserError({ message: `source ${server.name}: ${words} at ${placeOf(server)}`, hint, key });
}

function problemOf(found: PostgresError, prefix: number, { server, job: { sql } }: ErrorContext): Problem {
  const { message, position, hint, detail, code } = found;
  const quoted = /"([^"]+)"/.exec(message)?.[1] ?? /^permission denied for .* (\S+)$/.exec(message)?.[1] ?? "select";
  const index = Number(position ?? 0) - 1 - prefix;
  const offset = Buffer.byteLength([...sql.text].slice(0, Math.max(0, index)).join(""));
  const where = index >= 0 ? locateByte(sql, offset) : locateWord(sql, quoted.split(".").at(-1) ?? quoted);
  const hints = [detail, hint, code === "42501" ? `GRANT SELECT on it to the role of ${placeOf(server)}` : undefined];
  const told = hints.filter((each) => each !== undefined).join("\n");
  return { message: shortened(message), ...(told === "" ? {} : { hint: shortened(told) }), where };
}

/** The server quotes a value that it cannot convert as a whole. */
function shortened(text: string): string {
  return text.length > 400 ? `${text.slice(0, 400)}…` : text;
}
