import type { Node } from "libpg-query";
import { type Problem, UserError } from "../../../errors/expected-error.ts";
import { locateByte, type PrepareJob, type SqlText } from "../engine.ts";
import { byPlace, parameterProblems } from "../query-problems.ts";
import { allowedFunctions, allowedTypes, refusalOf } from "./allowed-functions.ts";
import type { PostgresSource } from "./open-source.ts";
import { parsePostgres } from "./parse-query.ts";
import { orderFault } from "./row-order.ts";

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

/** A part of the syntax tree, without its kind. */
type Part = Readonly<Record<string, unknown>>;

/** What a query does, as far as its syntax tells. */
interface PostgresUse {
  /** Where a table's name begins with that of the source, in bytes. */
  prefixed: readonly number[];
  /** Those that it reads, with their schemas. */
  tables: readonly string[];
  problems: readonly Problem[];
}

interface Survey {
  sql: SqlText;
  source: Pick<PostgresSource, "name" | "schemas">;
  /** Of common table expressions, wherever they are: none of them is that of a table of the server's own, see `judgeTable`. */
  expressions: ReadonlySet<string>;
  prefixed: number[];
  tables: Set<string>;
  problems: Problem[];
}

/** Kinds of parts that may be in a query and have no rule of their own. What a new version brings stays refused. */
const plainKinds = new Set([
  ..."SelectStmt ResTarget A_Star A_Const A_Expr BoolExpr TypeCast NullTest BooleanTest CaseExpr CaseWhen CoalesceExpr".split(
    " ",
  ),
  ..."MinMaxExpr SubLink A_ArrayExpr A_Indirection A_Indices RowExpr RangeSubselect RangeFunction JoinExpr SortBy".split(
    " ",
  ),
  ..."WindowDef WithClause GroupingSet GroupingFunc List String Integer Float Boolean BitString CollateClause".split(
    " ",
  ),
  ..."Alias ParamRef NamedArgExpr ColumnDef CTESearchClause CTECycleClause ColumnRef".split(" "),
]);

/** What the parser writes without its kind, by the name of the member. */
const kindOfMember: Readonly<Record<string, string>> = {
  larg: "SelectStmt",
  rarg: "SelectStmt",
  withClause: "WithClause",
  intoClause: "IntoClause",
  typeName: "TypeName",
  alias: "Alias",
  over: "WindowDef",
  collClause: "CollateClause",
  search_clause: "CTESearchClause",
  cycle_clause: "CTECycleClause",
  join_using_alias: "Alias",
  ival: "Integer",
  fval: "Float",
  boolval: "Boolean",
  sval: "String",
  bsval: "BitString",
};

/**
 * Walks the syntax tree and refuses whatever would read more than the source's schemas, or make the dataset depend on more than
 * the data. Without recursion, because a hostile query may be nested deeply.
 */
function surveyPostgres(sql: SqlText, tree: Node, source: Survey["source"]): PostgresUse {
  const survey: Survey = {
    sql,
    source,
    expressions: expressionsIn(tree),
    prefixed: [],
    tables: new Set(),
    problems: [],
  };
  for (const { kind, part } of partsOf(tree)) judge(survey, kind, part);
  return { prefixed: survey.prefixed, tables: [...survey.tables].sort(), problems: survey.problems.sort(byPlace) };
}

interface KindedPart {
  kind: string;
  part: Part;
}

/** Every part of a tree with its kind; what has none that is known is called as the member it was found in. */
function* partsOf(tree: unknown): Generator<KindedPart> {
  const stack: { value: unknown; member: string }[] = [{ value: tree, member: "" }];
  for (let next = stack.pop(); next; next = stack.pop()) {
    const { value, member } = next;
    if (typeof value !== "object" || value === null) continue;
    // One by one: a list may have more items than a call takes arguments.
    if (Array.isArray(value)) {
      for (const each of value) stack.push({ value: each as unknown, member });
      continue;
    }
    // A plain DISTINCT, and the empty set of GROUPING SETS, are parts with nothing in them.
    if (Object.keys(value).length === 0) continue;
    const [kind, part] = kinded(value as Part, member);
    yield { kind, part };
    for (const [name, each] of Object.entries(part)) stack.push({ value: each, member: name });
  }
}

function kinded(value: Part, member: string): [string, Part] {
  const [only, second] = Object.keys(value);
  if (only !== undefined && second === undefined && /^[A-Z]/.test(only)) return [only, value[only] as Part];
  return [kindOfMember[member] ?? `a part called ${member}`, value];
}

function expressionsIn(tree: Node): Set<string> {
  const names = new Set<string>();
  for (const { kind, part } of partsOf(tree)) if (kind === "CommonTableExpr") names.add(String(part.ctename));
  return names;
}

/** A message and a hint. */
type Fault = readonly [string, string];

function judge(survey: Survey, kind: string, part: Part): void {
  const where = locateByte(survey.sql, typeof part.location === "number" ? part.location : 0);
  const operators = ["name", "useOp", "operName"].map((member) => operatorFault(part[member]));
  for (const fault of [kindFault(survey, kind, part), ...operators, orderFault(kind, part)]) {
    if (fault) survey.problems.push({ message: fault[0], hint: fault[1], where });
  }
  if (kind === "RangeVar" && part.schemaname) survey.tables.add(`${String(part.schemaname)}.${String(part.relname)}`);
  if (kind !== "RangeVar" || !part.catalogname || typeof part.location !== "number") return;
  survey.prefixed.push(part.location);
}

function kindFault(survey: Survey, kind: string, part: Part): Fault | null {
  if (kind === "RangeVar") return tableFault(survey, part);
  if (kind === "FuncCall") return callFault(part);
  if (kind === "TypeName") return typeFault(survey, part);
  if (kind === "CommonTableExpr") return expressionFault(part);
  if (kind === "SQLValueFunction") return wordFault(part);
  return plainKinds.has(kind) ? null : strangeFault(kind);
}

/** All tables of the server's own begin so, and so do ours. */
const ownName = /^(pg_|mergeml_)/i;

function tableFault({ source, expressions }: Survey, part: Part): Fault | null {
  const [catalog = "", schema = "", name = ""] = [part.catalogname, part.schemaname, part.relname].map((each) =>
    String(each ?? ""),
  );
  const written = [catalog, schema, name].filter(Boolean).join(".");
  if (catalog !== "" && catalog !== source.name)
    return [
      `there is no source ${catalog} for ${written} here`,
      `the model's engine is ${source.name}: it reads ${source.name}.${schema}.${name}`,
    ];
  if (schema === "") {
    // Whatever expressions can be seen from here: only tables of our own or the server's are found without a schema.
    if (expressions.has(name) && !ownName.test(name)) return null;
    return [
      `there is no table ${written}`,
      `write its schema, one of ${source.schemas.join(", ")}: ${source.schemas[0]}.${name}`,
    ];
  }
  if (source.schemas.includes(schema)) return null;
  const hint = `it may read ${source.schemas.join(", ")}; see sources in mergeml.yaml`;
  return [`${written} is not in a schema that source ${source.name} may read`, hint];
}

function expressionFault({ ctename }: Part): Fault | null {
  if (!ownName.test(String(ctename))) return null;
  return [`WITH ${String(ctename)}: names that begin so are the server's own`, "call it otherwise"];
}

function namesOf(value: unknown): string[] {
  if (!Array.isArray(value)) return [];
  return value.map((each) => String((each as { String?: { sval?: string } }).String?.sval ?? ""));
}

function callFault({ funcname, args }: Part): Fault | null {
  const names = namesOf(funcname);
  const name = names.at(-1) ?? "";
  const own = names.length === 1 || (names.length === 2 && names[0] === "pg_catalog");
  if (name === "age" && Array.isArray(args) && args.length === 1)
    return ["age() is not allowed: of one time it is measured from today", "give it two: age($end, d)"];
  if (own && allowedFunctions.has(name)) return null;
  const { reason, hint } = refusalOf(name);
  return [`${names.join(".")}() is not allowed: ${reason}`, hint];
}

function typeFault({ source }: Survey, { names: given, setof, pct_type }: Part): Fault | null {
  const names = namesOf(given);
  const [name = "", schema = "pg_catalog"] = names.toReversed();
  const known = schema === "pg_catalog" ? allowedTypes.has(name) : source.schemas.includes(schema);
  if (known && names.length <= 2 && setof !== true && pct_type !== true) return null;
  return [`the type ${names.join(".")} is not allowed`, "cast to a number, a text, a time, JSON or the like"];
}

function wordFault({ op }: Part): Fault {
  const word = String(op)
    .replace(/^SVFOP_/, "")
    .replace(/_N$/, "")
    .toLowerCase();
  if (!/date|time/.test(word))
    return [`${word} is not allowed: it tells of the session, not of the data`, "leave it out"];
  const hint = "use $start and $end of features.window, or write the date out";
  return [`${word} is not allowed: it gives another value on every run`, hint];
}

function operatorFault(value: unknown): Fault | null {
  const names = namesOf(value);
  if (names.length < 2 || names[0] === "pg_catalog") return null;
  return [`the operator ${names.join(".")} is not allowed`, "use those of the server itself"];
}

const strangeKinds: Readonly<Record<string, Fault>> = {
  IntoClause: ["SELECT INTO writes a table", "leave INTO out"],
  LockingClause: ["a feature query locks no rows", "leave FOR UPDATE and its like out"],
  RangeTableSample: [
    "a sample takes other rows on every run, and the same data must give the same dataset",
    "use a hash of a column instead: WHERE md5(id::text) < '19'",
  ],
};

function strangeFault(kind: string): Fault {
  const written = /Stmt$/.test(kind) ? `${kind.replace(/Stmt$/, "").toUpperCase()} in a feature query` : kind;
  return strangeKinds[kind] ?? [`${written} is not allowed`, "a feature query only reads tables"];
}
