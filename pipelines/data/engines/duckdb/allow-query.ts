import { UserError } from "../../../errors/user-error.ts";
import type { PrepareJob, QueryJob } from "../engine.ts";
import { parameterProblems } from "../query-problems.ts";
import { boundPlan } from "./bound-plan.ts";
import type { DuckdbSession } from "./duckdb-session.ts";
import { type ResolvedQuery, resolveFiles } from "./file-names.ts";
import { orderedPart, orderUse } from "./order-dependence.ts";
import { parseQuery, type SyntaxNode } from "./parse-query.ts";
import { surveyQuery } from "./query-rules.ts";
import { type FunctionRules, functionRules } from "./refused-functions.ts";
import { refuseForeignFunctions, sourceTexts } from "./sources/source-texts.ts";

/** A query that was judged and may run. */
export interface AllowedQuery {
  query: ResolvedQuery;
  parameters: readonly string[];
  /** What in it depends on the order of rows, in words; null when the same rows in any order give the same result. */
  ordered: string | null;
}

/** A query that was judged, with what the judgement was made of. */
export interface JudgedQuery {
  query: ResolvedQuery;
  parameters: readonly string[];
  tree: SyntaxNode;
  rules: FunctionRules;
}

/** Parses and judges the query, and looks its files up. Throws UserError with every objection. */
export async function judgeQuery(session: DuckdbSession, job: PrepareJob): Promise<JudgedQuery> {
  const { sql, folders } = job;
  const known = job.sources?.sources ?? [];
  const tree = await parseQuery(session, sql);
  const rules = await functionRules(session);
  const survey = surveyQuery(sql, tree, rules.refused, known, job.sources?.names);
  const { files, sources, functions, parameters, problems } = survey;
  const objections = [...problems, ...parameterProblems(job, parameters)];
  if (objections.length > 0) throw new UserError(objections);
  if (sources.length > 0) await refuseForeignFunctions(session, sql, functions, rules.own);
  const query = await resolveFiles(sql, files, folders, sourceTexts(sources, known));
  return { query, parameters, tree, rules };
}

/** The same, and how the query may run. */
export async function allowQuery(session: DuckdbSession, job: QueryJob): Promise<AllowedQuery> {
  const { query, parameters, tree, rules } = await judgeQuery(session, job);
  return { query, parameters, ordered: await orderedBy(session, tree, query, rules) };
}

/** What cannot be told counts as dependent: it costs time, and the other way round would cost the promise. */
async function orderedBy(
  session: DuckdbSession,
  tree: SyntaxNode,
  query: ResolvedQuery,
  rules: FunctionRules,
): Promise<string | null> {
  const { perhaps, surely } = orderUse(tree, rules);
  if (surely !== null || !perhaps) return surely;
  const plan = await boundPlan(session, tree, query);
  return plan === null ? "a step whose order cannot be told" : orderedPart(plan);
}
