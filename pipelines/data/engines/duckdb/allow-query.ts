import { type Problem, UserError } from "../../../errors/expected-error.ts";
import { folderOf, type ReachableSource } from "../../sources/source-objects.ts";
import { locateWord, type PrepareJob, type QueryJob, type SqlText } from "../engine.ts";
import { parameterProblems } from "../query-problems.ts";
import { boundPlan } from "./bound-plan.ts";
import { type DuckdbSession, quoteName, quoteText } from "./duckdb-session.ts";
import { type ResolvedQuery, resolveFiles } from "./file-names.ts";
import { parseQuery, type SyntaxNode } from "./parse-query.ts";
import { surveyQuery } from "./query-rules.ts";
import { type FunctionRules, functionRules } from "./refused-functions.ts";
import type { SourceMention } from "./sources/source-names.ts";

/** A query that was judged and may run. */
export interface AllowedQuery {
  query: ResolvedQuery;
  parameters: readonly string[];
  /** What in it depends on the order of rows, in words; null when the same rows in any order give the same result. */
  ordered: string | null;
}

/** A query that was judged, with what the judgement was made of. */
interface JudgedQuery {
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

/** How DuckDB is asked for what a query names: by address for objects, by its name in the session for tables. */
function sourceTexts(
  mentions: readonly SourceMention[],
  sources: readonly ReachableSource[],
): ResolvedQuery["sources"] {
  return mentions.map((mention) => {
    const { config } = sources.find(({ name }) => name === mention.source)!;
    if (config.type === "delta" || config.type === "iceberg") return { mention, from: quoteName(mention.source) };
    if ("url" in config && typeof config.url === "string")
      return { mention, from: quoteText(folderOf(config.url) + mention.path) };
    const [schema = "", ...table] = mention.path.split(".");
    return { mention, from: [mention.source, schema, table.join(".")].map(quoteName).join(".") };
  });
}

/**
 * Throws UserError for functions that extensions brought: they reach out (`postgres_query`, `write_blob`), and only our own
 * SQL calls them. Whatever a new version of one brings is refused by that too.
 */
async function refuseForeignFunctions(
  session: DuckdbSession,
  sql: SqlText,
  called: ReadonlySet<string>,
  own: ReadonlySet<string>,
): Promise<void> {
  const rows = await session.rows("SELECT DISTINCT lower(function_name) AS name FROM duckdb_functions()");
  const foreign = rows.map(({ name }) => String(name)).filter((name) => called.has(name) && !own.has(name));
  if (foreign.length === 0) return;
  throw new UserError(
    foreign.map(
      (name): Problem => ({
        message: `${name}() is not allowed: it belongs to an extension that reaches sources, which a query only names`,
        hint: "write FROM and the source's name",
        where: locateWord(sql, name),
      }),
    ),
  );
}

type Json = Readonly<Record<string, unknown>>;

const exactNumbers = /^(U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)|DECIMAL|BOOLEAN)$/;

/** Sums: exact, and so the same in any order, of integers and decimals alone. */
const sums: ReadonlySet<string> = new Set(["sum", "sum_no_overflow", "avg", "mean"]);

/** Aggregates whose value is the same in any order of their rows. */
const orderFree: ReadonlySet<string> = new Set([
  ...["count", "count_star", "count_if", "countif", "regr_count", "approx_count_distinct"],
  ...["min", "max", "bool_and", "bool_or", "bit_and", "bit_or", "bit_xor", "bitstring_agg"],
  ...["quantile", "quantile_cont", "quantile_disc", "median", "mad", "histogram", "histogram_exact"],
]);

/** Operators of a plan whose rows, as a set, are the same in any order of their inputs. */
const operators: ReadonlySet<string> = new Set(
  [
    ...["PROJECTION", "FILTER", "GET", "AGGREGATE_AND_GROUP_BY", "WINDOW", "UNNEST", "ORDER_BY", "DISTINCT"],
    ...["DUMMY_SCAN", "EMPTY_RESULT", "EXPRESSION_GET", "CHUNK_GET", "COLUMN_DATA_SCAN", "DELIM_GET", "CTE_REF"],
    ...["COMPARISON_JOIN", "ANY_JOIN", "DELIM_JOIN", "DEPENDENT_JOIN", "CROSS_PRODUCT"],
    ...["UNION", "EXCEPT", "INTERSECT", "MATERIALIZED_CTE", "RECURSIVE_CTE"],
  ].map((name) => `LOGICAL_${name}`),
);

const orderFreeWindows: ReadonlySet<string> = new Set([
  "WINDOW_RANK",
  "WINDOW_RANK_DENSE",
  "WINDOW_PERCENT_RANK",
  "WINDOW_CUME_DIST",
]);

/**
 * Whether a query may depend on the order of its rows, as far as its syntax tells: the cheap question, before the engine is
 * asked for types. Whatever cannot be told from a plan is told here with `true` for `surely`.
 */
function orderUse(tree: SyntaxNode, rules: FunctionRules): { perhaps: boolean; surely: string | null } {
  let perhaps = false;
  for (const node of nodesOf(tree)) {
    const surely = surelyOrdered(node);
    if (surely !== null) return { perhaps: true, surely };
    perhaps ||= perhapsOrdered(node, rules);
  }
  return { perhaps, surely: null };
}

function surelyOrdered(node: Json): string | null {
  if (node.class === "COLLATE") return "a collation, under which unequal texts are equal";
  if (node.with_ordinality === "WITH_ORDINALITY") return "WITH ORDINALITY";
  if (Array.isArray(node.key_targets) && node.key_targets.length > 0) return "USING KEY";
  if (node.class === "FUNCTION" && ["first", "arbitrary"].includes(nameOf(node))) return `${nameOf(node)}()`;
  return null;
}

function perhapsOrdered(node: Json, { aggregates }: FunctionRules): boolean {
  if (node.class === "WINDOW" || node.class === "SUBQUERY") return true;
  if (node.class === "FUNCTION") return aggregates.has(nameOf(node));
  if (node.type === "JOIN") return node.ref_type === "POSITIONAL" || node.ref_type === "ASOF";
  const modifier = String(node.type);
  if (modifier === "DISTINCT_MODIFIER")
    return Array.isArray(node.distinct_on_targets) && node.distinct_on_targets.length > 0;
  return modifier.startsWith("LIMIT") || modifier === "PIVOT";
}

function nameOf({ function_name }: Json): string {
  return String(function_name).toLowerCase();
}

/**
 * What in a bound plan depends on the order of rows, in words; null when nothing does. A list of what does not, so that what a
 * new engine version brings counts as dependent. `first` is the engine's own, around a subquery of one row: a user's was found
 * in the syntax.
 */
function orderedPart(plan: unknown): string | null {
  for (const node of nodesOf(plan)) {
    const found = orderedOperator(node) ?? orderedExpression(node);
    if (found !== null) return found;
  }
  return null;
}

function orderedOperator(node: Json): string | null {
  const type = typeof node.type === "string" && node.type.startsWith("LOGICAL_") ? node.type : null;
  if (type === null) return null;
  if (!operators.has(type)) return type.replace("LOGICAL_", "").replaceAll("_", " ");
  return type === "LOGICAL_DISTINCT" && node.distinct_type !== "DISTINCT" ? "DISTINCT ON" : null;
}

function orderedExpression(node: Json): string | null {
  if (node.expression_class === "BOUND_AGGREGATE") {
    return node.name === "first" || isExact(node) ? null : callText(node);
  }
  if (node.expression_class !== "BOUND_WINDOW" || orderFreeWindows.has(String(node.type))) return null;
  const wholePeers = ![node.start, node.end].some((bound) => String(bound).endsWith("_ROWS"));
  if (node.type === "WINDOW_AGGREGATE" && wholePeers && isExact(node)) return null;
  return node.type === "WINDOW_AGGREGATE" ? `${callText(node)} over rows` : windowName(node);
}

function isExact(node: Json): boolean {
  const name = String(node.name);
  return orderFree.has(name) || (sums.has(name) && typesOf(node).every((type) => exactNumbers.test(type)));
}

function typesOf({ arguments: types }: Json): string[] {
  return Array.isArray(types) ? (types as Json[]).map(({ id }) => String(id)) : [];
}

function callText(node: Json): string {
  return `${String(node.name)}(${typesOf(node).join(", ")})`;
}

function windowName({ type }: Json): string {
  return `${String(type).replace("WINDOW_", "").toLowerCase()}()`;
}

/** Every object in a tree, without recursion. What a scalar function keeps for itself (`list_sum` an aggregate) is left out. */
function* nodesOf(root: unknown): Generator<Json> {
  const stack: unknown[] = [root];
  while (stack.length > 0) {
    const next = stack.pop();
    if (Array.isArray(next)) for (const each of next) stack.push(each);
    else if (typeof next === "object" && next !== null) {
      yield next as Json;
      const { function_data, ...rest } = next as Json;
      for (const each of Object.values(rest)) stack.push(each);
    }
  }
}
