import { parse } from "node:path";
import { type DuckdbSession, quoteText } from "./duckdb-session.ts";
import type { ResolvedQuery } from "./file-names.ts";
import type { SyntaxNode } from "./parse-query.ts";
import { fileFunctions } from "./refused-functions.ts";
import { partsInScope, type ScopedPart } from "./table-scope.ts";

type Mutable = Record<string, unknown>;

/**
 * The engine's bound plan of a query, with the type of every argument; null when the engine cannot write it down. It has no
 * words for scans of CSV and JSON, so each file's place is taken by an empty table with its columns.
 */
export async function boundPlan(session: DuckdbSession, tree: SyntaxNode, query: ResolvedQuery): Promise<unknown> {
  const tables: string[] = [];
  try {
    const [statement, sample] = [copyOf(tree), await sampleStatement(session)];
    replaceParameters(statement, sample.node.select_list[0]);
    const paths = scannedTexts(query);
    for (const scan of fileScans(statement, paths)) {
      const name = `mergeml_scan_${tables.length}`;
      await session.run(
        `CREATE TEMP TABLE ${name} AS SELECT * FROM ${await scanText(session, sample, scan, paths)} LIMIT 0`,
      );
      tables.push(name);
      standIn(scan, name);
    }
    const text = await textOf(session, statement);
    const { json } = await session.row(`SELECT json_serialize_plan(${quoteText(text)}) AS json`);
    const { error, plans } = JSON.parse(String(json)) as { error: boolean; plans?: unknown };
    return error ? null : (plans ?? null);
  } catch {
    return null;
  } finally {
    for (const name of tables) await session.run(`DROP TABLE temp.${name}`);
  }
}

/** What stands for a parameter whose value is not known, or does not matter. */
const moment = "2001-01-01";

/**
 * The columns' names and types of a query with values are those of one with constants, which the engine binds once instead of
 * twice: its text with a moment for each parameter, put together by the engine itself, so that nothing in it means more than what
 * was judged. null when it cannot be written down.
 */
export async function withMoments(session: DuckdbSession, query: string): Promise<string | null> {
  try {
    const { json } = await session.row(`SELECT json_serialize_sql(${quoteText(query)}) AS json`);
    const { statements } = copyOf(JSON.parse(String(json))) as unknown as { statements: [Mutable] };
    const sample = await sampleStatement(session);
    replaceParameters(statements[0], sample.node.select_list[0]);
    return await textOf(session, statements[0]);
  } catch {
    return null;
  }
}

/** Whether a column is called by such a moment, as an expression without a name is called by its text. */
export function namesMoment(column: string): boolean {
  return column.includes(moment);
}

/** How each file and each table of a source is read, by the names that the syntax tree has for it. */
function scannedTexts({ files, sources }: ResolvedQuery): ReadonlyMap<string, string> {
  return new Map([
    ...files.map(({ name, path }): [string, string] => [name, quoteText(path)]),
    ...sources.map(({ mention, from }): [string, string] => [sourceKey(mention.source, mention.path), from]),
  ]);
}

function sourceKey(source: string, path: string): string {
  return [source.toLowerCase(), path].filter(Boolean).join("\0");
}

/** The key of a scan among `scannedTexts`: a file's name, or a source's and what is named of it. */
function keyOfTable({ catalog_name, schema_name, table_name }: Mutable): string {
  const [catalog, schema, table] = [catalog_name, schema_name, table_name].map((name) => String(name ?? ""));
  if (catalog) return sourceKey(catalog, `${schema}.${table}`);
  return schema ? sourceKey(schema, table!) : table!;
}

/** Positions that are unknown are numbers too large for JavaScript; none is needed for the types. */
function copyOf(tree: unknown): Mutable {
  const small = (_key: string, value: unknown) =>
    typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value) ? 0 : value;
  return JSON.parse(JSON.stringify(tree, small)) as Mutable;
}

interface SampleStatement {
  node: { select_list: Mutable[]; from_table: unknown };
}

/** A statement to take parts of, so that nothing here has to know how the engine writes them. */
async function sampleStatement(session: DuckdbSession): Promise<SampleStatement> {
  const text = `SELECT TIMESTAMP '${moment}', * FROM mergeml_scan`;
  const { json } = await session.row(`SELECT json_serialize_sql(${quoteText(text)}) AS json`);
  const { statements } = copyOf(JSON.parse(String(json))) as unknown as { statements: [SampleStatement] };
  return statements[0];
}

/** `$start` and `$end` are timestamps; an overloaded function of a parameter has no type before they are known. */
function replaceParameters(statement: Mutable, constant: Mutable | undefined): void {
  statement.named_param_map = [];
  const stack: unknown[] = [statement];
  while (stack.length > 0) {
    const node = stack.pop();
    if (typeof node !== "object" || node === null) continue;
    const part = node as Mutable;
    if (part.class === "PARAMETER") Object.assign(part, constant, { alias: part.alias });
    for (const each of Object.values(part)) stack.push(each);
  }
}

function fileScans(statement: Mutable, paths: ReadonlyMap<string, string>): Mutable[] {
  const scans: Mutable[] = [];
  const stack: ScopedPart[] = [{ node: statement, scope: new Set() }];
  for (let visit = stack.pop(); visit; visit = stack.pop()) {
    const { node, scope } = visit;
    if (Array.isArray(node))
      for (const each of node.map((each) => ({ node: each as unknown, scope }))) stack.push(each);
    else if (typeof node === "object" && node !== null) {
      const part = node as Mutable;
      if (isScan(part, scope, paths)) scans.push(part);
      else for (const each of partsInScope(part, scope)) stack.push(each);
    }
  }
  return scans;
}

function isScan(node: Mutable, scope: ReadonlySet<string>, paths: ReadonlyMap<string, string>): boolean {
  if (node.type === "TABLE_FUNCTION") return fileFunctions.has(functionName(node));
  if (node.type !== "BASE_TABLE") return false;
  const isNamed = !node.schema_name && scope.has(String(node.table_name).toLowerCase());
  return !isNamed && paths.has(keyOfTable(node));
}

function functionName({ function: call }: Mutable): string {
  return String((call as Mutable | undefined)?.function_name).toLowerCase();
}

async function scanText(
  session: DuckdbSession,
  sample: SampleStatement,
  scan: Mutable,
  paths: ReadonlyMap<string, string>,
): Promise<string> {
  if (scan.type === "BASE_TABLE") return paths.get(keyOfTable(scan)) ?? "''";
  const call = copyOf(scan.function);
  const [files] = call.children as unknown[];
  resolveConstants(files, paths);
  const statement = copyOf(sample) as unknown as SampleStatement & Mutable;
  statement.node.select_list = statement.node.select_list.slice(1);
  statement.node.from_table = { ...scan, alias: "", column_name_alias: [], function: call };
  return `(${await textOf(session, statement)})`;
}

function resolveConstants(node: unknown, paths: ReadonlyMap<string, string>): void {
  const { value, children, column_names } = node as {
    value?: { value?: unknown };
    children?: unknown[];
    column_names?: string[];
  };
  if (value && typeof value.value === "string") value.value = unquoted(paths.get(value.value)) ?? value.value;
  const [source = "", path = ""] = column_names ?? [];
  const address = unquoted(paths.get(sourceKey(source, path)));
  if (column_names?.length === 2 && address !== null) Object.assign(node as Mutable, textConstant(address));
  for (const child of children ?? []) resolveConstants(child, paths);
}

function unquoted(text: string | undefined): string | null {
  return text?.startsWith("'") ? text.slice(1, -1).replaceAll("''", "'") : null;
}

/** A constant as the engine writes it down. */
function textConstant(text: string): Mutable {
  const type = { id: "VARCHAR", type_info: null };
  return {
    class: "CONSTANT",
    type: "VALUE_CONSTANT",
    value: { type, is_null: false, value: text },
    column_names: undefined,
  };
}

async function textOf(session: DuckdbSession, statement: Mutable): Promise<string> {
  const tree = JSON.stringify({ error: false, statements: [statement] });
  const { text } = await session.row(`SELECT json_deserialize_sql(CAST(${quoteText(tree)} AS JSON)) AS text`);
  return String(text);
}

/** Makes a scan of a table out of one of a file; it goes by the name that the file's would have. */
function standIn(scan: Mutable, table: string): void {
  const named = scan.type === "TABLE_FUNCTION" ? functionName(scan) : parse(String(scan.table_name)).name;
  const { alias, column_name_alias, sample, query_location } = scan;
  for (const key of Object.keys(scan)) delete scan[key];
  Object.assign(scan, {
    type: "BASE_TABLE",
    alias: alias === "" ? named : alias,
    sample,
    query_location,
    schema_name: "",
    table_name: table,
    column_name_alias,
    catalog_name: "",
    at_clause: null,
  });
}
