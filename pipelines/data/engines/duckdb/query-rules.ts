import { didYouMean, type Problem } from "../../../errors/expected-error.ts";
import type { ReachableSource } from "../../sources/source-objects.ts";
import { locateByte, locateWord, type SqlText } from "../engine.ts";
import { byPlace } from "../query-problems.ts";
import type { SyntaxNode } from "./parse-query.ts";
import {
  clockWords,
  fileFunctions,
  namedAggregates,
  type Refusal,
  refusedCall,
  rowFunctions,
} from "./refused-functions.ts";
import { namedSource, type SourceMention } from "./sources/source-names.ts";
import { partsInScope } from "./table-scope.ts";

/** A file name written in the query, and where. */
export interface FileMention {
  name: string;
  /** Byte offset of the opening quote. */
  offset: number;
}

/** What a query does, as far as its syntax tells. */
export interface QueryUse {
  files: readonly FileMention[];
  /** What it names of the sources of mergeml.yaml. */
  sources: readonly SourceMention[];
  /** Functions it calls, folded. */
  functions: ReadonlySet<string>;
  /** Names of parameters as written, without `$`. */
  parameters: readonly string[];
  problems: readonly Problem[];
}

interface Survey {
  sql: SqlText;
  refused: ReadonlyMap<string, Refusal>;
  known: readonly ReachableSource[];
  /** Of all sources, those too that the query does not name. */
  names: readonly string[];
  files: FileMention[];
  sources: SourceMention[];
  functions: Set<string>;
  parameters: Set<string>;
  problems: Problem[];
}

interface Visit {
  node: unknown;
  /** Names of the common table expressions in sight, folded. */
  scope: ReadonlySet<string>;
}

/**
 * Walks the syntax tree and refuses whatever would make the dataset depend on more than the data: tables and table functions
 * but for files, functions of the clock or of chance, samples, paths. A list of what is allowed, so that what a new engine
 * version brings stays refused. Without recursion, because a hostile query may be nested deeply.
 */
export function surveyQuery(
  sql: SqlText,
  root: SyntaxNode,
  refused: ReadonlyMap<string, Refusal>,
  known: readonly ReachableSource[] = [],
  names: readonly string[] = [],
): QueryUse {
  const found = { files: [], sources: [], functions: new Set<string>(), parameters: new Set<string>(), problems: [] };
  const survey: Survey = { sql, refused, known, names, ...found };
  const stack: Visit[] = [{ node: root, scope: new Set() }];
  for (let visit = stack.pop(); visit; visit = stack.pop()) {
    const { node, scope } = visit;
    // One by one: a list may have more items than a call takes arguments.
    if (Array.isArray(node)) for (const each of node) stack.push({ node: each as unknown, scope });
    else if (isNode(node)) for (const each of inspect(survey, node, scope)) stack.push(each);
  }
  const { files, sources, functions, parameters, problems } = survey;
  return { files, sources, functions, parameters: [...parameters], problems: problems.sort(byPlace) };
}

function isNode(value: unknown): value is SyntaxNode {
  return typeof value === "object" && value !== null;
}

/** Judges one node and says which parts of it to look at next. */
function inspect(survey: Survey, node: SyntaxNode, scope: ReadonlySet<string>): Visit[] {
  if (isNode(node.sample)) refuseSample(survey, node);
  if (node.type === "TABLE_FUNCTION" && isNode(node.function)) {
    return judgeTableFunction(survey, node.function).map((each) => ({ node: each, scope }));
  }
  if (node.type === "BASE_TABLE") judgeTable(survey, node, scope);
  else if (node.type === "SHOW_REF") refuseShow(survey);
  else if (node.type === "JOIN") judgeJoin(survey, node);
  else if (node.class === "FUNCTION" || node.class === "WINDOW") judgeFunction(survey, node);
  else if (node.class === "COLUMN_REF") judgeColumn(survey, node);
  else if (node.class === "PARAMETER") survey.parameters.add(String(node.identifier));
  return partsInScope(node, scope);
}

function refuse(survey: Survey, node: SyntaxNode, message: string, hint: string): void {
  survey.problems.push({ message, hint, where: locateByte(survey.sql, offsetOf(node)) });
}

function offsetOf({ query_location: offset }: SyntaxNode): number {
  return typeof offset === "number" && offset < 2 ** 53 ? offset : 0;
}

function refuseSample(survey: Survey, node: SyntaxNode): void {
  const hint = "use a hash of a column instead: WHERE md5_number_lower(id) % 10 = 0";
  const where = locateWord(survey.sql, /tablesample/i.test(survey.sql.text) ? "tablesample" : "sample");
  const message = "a sample takes other rows on every run, and the same data must give the same dataset";
  if (isNode(node.sample)) survey.problems.push({ message, hint, where });
}

function refuseShow(survey: Survey): void {
  const message = "DESCRIBE, SHOW and SUMMARIZE are not feature queries";
  const hint = "write one SELECT that returns one row per example";
  survey.problems.push({ message, hint, where: locateByte(survey.sql, 0) });
}

const fileHint =
  "a feature query reads files of the data folders: FROM 'name.csv', FROM 'name.parquet' or read_csv('name.csv', …)";

function judgeTable(survey: Survey, node: SyntaxNode, scope: ReadonlySet<string>): void {
  const name = String(node.table_name);
  const qualifiers = [node.catalog_name, node.schema_name].map(String).filter(Boolean);
  if (qualifiers.length === 0 && scope.has(name.toLowerCase())) return;
  const source = namedSource(node, offsetOf(node), survey.known);
  if (source && "mention" in source) survey.sources.push(source.mention);
  else if (source) refuse(survey, node, source.message, source.hint);
  else if (qualifiers.length === 0 && /[./\\:*?~]/.test(name)) survey.files.push({ name, offset: offsetOf(node) });
  else {
    const full = [...qualifiers, name].join(".");
    const isFile = /\.(csv|tsv|parquet|json)$/i.test(full);
    const quoted = isFile ? `put the file name in quotes: FROM '${full}'` : fileHint;
    refuse(survey, node, `there is no table ${full}`, sourceHint(qualifiers[0] ?? name, survey.names) ?? quoted);
  }
}

/** A name that is nearly that of a source. */
function sourceHint(word: string, names: readonly string[]): string | null {
  const near = didYouMean(word, names);
  return near && `did you mean ${near}?  the sources of mergeml.yaml: ${names.join(", ")}`;
}

/** Returns what is left to look at: the arguments that are not file names. */
function judgeTableFunction(survey: Survey, call: SyntaxNode): unknown[] {
  const name = String(call.function_name).toLowerCase();
  const children = Array.isArray(call.children) ? (call.children as SyntaxNode[]) : [];
  if (rowFunctions.has(name)) return children;
  if (!fileFunctions.has(name)) {
    refuse(survey, call, `${name} may not be used in a feature query`, fileHint);
    return [];
  }
  const [first, ...options] = children;
  const [mentions, source] = first ? [constantFiles(first), sourceFiles(survey, first)] : [null, null];
  if (mentions) survey.files.push(...mentions);
  else if (source) survey.sources.push(...source);
  else refuse(survey, first ?? call, `the file name in ${name}(…) must be written out in quotes`, fileHint);
  // `filename := true`; `filename = true` is a comparison with a column, which is judged as one.
  if (options.some(({ alias }) => isFilename(alias))) refuseFilename(survey, call);
  return options;
}

function constantFiles(node: SyntaxNode): FileMention[] | null {
  if (node.class === "FUNCTION" && node.function_name === "list_value" && Array.isArray(node.children)) {
    const lists = (node.children as SyntaxNode[]).map(constantFiles);
    return lists.length > 0 && lists.every((list) => list !== null) ? lists.flat() : null;
  }
  const value = isNode(node.value) ? node.value : {};
  const isText = node.class === "CONSTANT" && typeof value.value === "string";
  return isText ? [{ name: String(value.value), offset: offsetOf(node) }] : null;
}

/** `read_csv(lake."x.csv", …)`: a file of a source is written as in FROM, which the parser takes for a column. */
function sourceFiles(survey: Survey, node: SyntaxNode): SourceMention[] | null {
  if (node.class === "FUNCTION" && node.function_name === "list_value" && Array.isArray(node.children)) {
    const lists = (node.children as SyntaxNode[]).map((each) => sourceFiles(survey, each));
    return lists.length > 0 && lists.every((list) => list !== null) ? lists.flat() : null;
  }
  if (node.class !== "COLUMN_REF" || !Array.isArray(node.column_names) || node.column_names.length !== 2) return null;
  const [schema_name, table_name] = node.column_names.map(String);
  const named = namedSource({ catalog_name: "", schema_name, table_name }, offsetOf(node), survey.known);
  return named && "mention" in named && named.mention.path !== "" ? [named.mention] : null;
}

function judgeFunction(survey: Survey, node: SyntaxNode): void {
  const name = String(node.function_name).toLowerCase();
  const count = Array.isArray(node.children) ? node.children.length : 0;
  survey.functions.add(name);
  const refusal = refusedCall(survey.refused, name, count);
  if (refusal) refuse(survey, node, `${name}() is not allowed: ${refusal.reason}`, refusal.hint);
  if (namedAggregates.has(name)) judgeNamedAggregate(survey, node);
  if (node.export_state === true) {
    const message = "EXPORT_STATE is not allowed: it is the engine's memory, and would be part of the dataset";
    refuse(survey, node, message, "take the aggregate's value");
  }
}

/** `list_aggregate(l, 'name')` calls an aggregate by its name, which the rules must see. */
function judgeNamedAggregate(survey: Survey, call: SyntaxNode): void {
  const name = (Array.isArray(call.children) ? (call.children as SyntaxNode[]) : [])[1];
  const written = name?.class === "CONSTANT" && isNode(name.value) ? name.value.value : undefined;
  if (typeof written !== "string") {
    const message = `the aggregate in ${String(call.function_name)}(…) must be written out in quotes`;
    refuse(survey, call, message, "e.g. list_aggregate(l, 'sum')");
    return;
  }
  survey.functions.add(written.toLowerCase());
  const refusal = survey.refused.get(written.toLowerCase());
  if (refusal) refuse(survey, call, `${written} is not allowed: ${refusal.reason}`, refusal.hint);
}

function judgeColumn(survey: Survey, node: SyntaxNode): void {
  const names = Array.isArray(node.column_names) ? node.column_names.map((name) => String(name)) : [];
  const last = names.at(-1)?.toLowerCase() ?? "";
  if (names.length === 1 && clockWords.has(last)) {
    const hint = "use $start and $end of features.window; if it is a column, name its table: t.";
    refuse(survey, node, `${last} is not allowed: it gives another value on every run`, `${hint}${last}`);
  }
  if (isFilename(last)) refuseFilename(survey, node);
}

function judgeJoin(survey: Survey, node: SyntaxNode): void {
  const shared = Array.isArray(node.using_columns) ? node.using_columns : [];
  if (shared.some(isFilename)) refuseFilename(survey, node);
}

function isFilename(name: unknown): boolean {
  return String(name).toLowerCase() === "filename";
}

function refuseFilename(survey: Survey, node: SyntaxNode): void {
  const message = "filename is not allowed: it is a path of this machine, and would be part of the dataset";
  const hint = "a column of the file with that name can be taken with SELECT * RENAME (filename AS file)";
  refuse(survey, node, message, hint);
}
