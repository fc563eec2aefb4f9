import { UserError } from "../../../errors/user-error.ts";
import type { PrepareJob } from "../engine.ts";
import { byPlace, parameterProblems } from "../query-problems.ts";
import type { PostgresSource } from "./address.ts";
import { parsePostgres } from "./parse-query.ts";
import { surveyPostgres } from "./query-rules.ts";

/** A query that may run. */
export interface PostgresQuery {
  /** As long as the user's, so that positions in it are those of the file; `$1` and `$2` are where `$start` and `$end` were. */
  text: string;
  /** Of `$start` and `$end`, those it uses. */
  parameters: readonly string[];
  /** The tables that it reads, with their schemas. */
  tables: readonly string[];
}

/** Parses and judges a query, without a server. Throws UserError with every objection. */
export async function judgePostgres(
  job: PrepareJob,
  source: Pick<PostgresSource, "name" | "schemas">,
): Promise<PostgresQuery> {
  const { text, tree, parameters, tokens } = await parsePostgres(job.sql);
  const { prefixed, tables, problems } = surveyPostgres(job.sql, tree, source);
  const objections = [...problems, ...parameterProblems(job, parameters)];
  if (objections.length > 0) throw new UserError(objections.sort(byPlace));
  // The server knows nothing of the name that the source has here: spaces take its place, and that of the point behind it.
  const bytes = Buffer.from(text);
  for (const start of prefixed) {
    const at = tokens.findIndex((token) => token.start === start);
    bytes.fill(" ", start, tokens[at + 1]?.end ?? start);
  }
  return { text: bytes.toString(), parameters, tables };
}
