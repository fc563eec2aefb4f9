import { randomUUID } from "node:crypto";
import type { SourceSnapshot } from "../../sources/source-snapshot.ts";
import { type ColumnKind, onlyRow, type QuerySession, type SourceColumn } from "../session.ts";
import type { SparkStatements } from "./allow-query.ts";
import { sparkDialect, sparkName, sparkText } from "./dialect.ts";
import { type Token, tokensOf } from "./sql-tokens.ts";
import type { StagingArea } from "./staging-area.ts";
import { StatementError } from "./statement-error.ts";

/** Where a session keeps rows, and how it reads them again. */
interface Keeping {
  staging: StagingArea;
  /** Whether a name that is given to a query lasts until the session ends; otherwise the query itself stands for it. */
  names: boolean;
}

/** A session in which rows are kept as Parquet files in the staging area, and come back by way of it. */
export interface SparkSession extends QuerySession {
  /** Keeps the rows of a query whose columns are known, also of types that files do not have. */
  keepColumns(columns: readonly SourceColumn[], relation: string): Promise<string>;
  interrupt(): void;
}

/** The work on a query's rows over statements of Spark SQL. Closing it removes what it kept, and ends the statements' session. */
export function openSparkSession(statements: SparkStatements, { staging, names }: Keeping): SparkSession {
  const rows = (sql: string) => statements.rows(sql);
  const folders = new Map<string, string>();
  const write = async (query: string) => {
    const folder = `mergeml-${randomUUID()}`;
    await staging.prepare(folder);
    folders.set(folder, folder);
    await rows(
      `INSERT OVERWRITE DIRECTORY ${sparkText(staging.url(folder))} USING parquet OPTIONS ('compression' 'zstd') ${query}`,
    );
    return folder;
  };
  const remove = async (relation: string) => {
    const folder = folders.get(relation);
    folders.delete(relation);
    if (folder !== undefined) await staging.remove(folder);
  };
  const keep = async (name: string, query: string) => {
    const folder = await write(query);
    const relation = names ? unique(name) : `parquet.${sparkName(staging.url(folder))}`;
    folders.delete(folder);
    folders.set(relation, folder);
    if (names) await rows(nameOfFiles(relation, staging.url(folder)));
    return relation;
  };
  return {
    dialect: sparkDialect,
    rows,
    row: onlyRow(rows),
    async columns(relation) {
      const described = await rows(`DESCRIBE QUERY SELECT * FROM ${relation}`);
      return described.map((row) => sparkColumn(String(row.col_name), String(row.data_type)));
    },
    keep,
    keepColumns: (columns, relation) =>
      keep("mergeml_result", `SELECT ${columns.map(keptColumn).join(", ")} FROM ${relation}`),
    async view(name, query) {
      if (!names) return `(${query})`;
      const view = unique(name);
      await rows(`CREATE TEMPORARY VIEW ${view} AS ${query}`);
      return view;
    },
    release: remove,
    async save(query, file) {
      const folder = await write(query);
      await staging.collect(folder, file);
      await remove(folder);
    },
    async stage(query) {
      const folder = await write(query);
      folders.delete(folder);
      return staging.url(folder);
    },
    interrupt: () => statements.interrupt(),
    async close() {
      for (const relation of [...folders.keys()]) await remove(relation);
      await statements.close();
    },
  };
}

/** Sessions of some servers share their names. */
function unique(name: string): string {
  return `${name}_${randomUUID().slice(0, 8)}`;
}

function nameOfFiles(name: string, url: string): string {
  return `CREATE TEMPORARY VIEW ${name} USING parquet OPTIONS (path ${sparkText(url)})`;
}

/** A column of nothing but nulls has no type, and intervals none that others read. */
function keptColumn({ name, type }: SourceColumn): string {
  const column = sparkName(name);
  if (type === "void") return `CAST(${column} AS INT) AS ${column}`;
  return type.startsWith("interval") ? `CAST(${column} AS STRING) AS ${column}` : column;
}

const kinds: readonly (readonly [RegExp, ColumnKind])[] = [
  [/^(tinyint|smallint|int|bigint|void)$/, "integer"],
  [/^decimal\b/, "decimal"],
  [/^(float|double)$/, "double"],
  [/^boolean$/, "boolean"],
  [/^(string|varchar|char)\b/, "text"],
  [/^date$/, "date"],
  [/^timestamp(_ntz|_ltz)?$/, "timestamp"],
  [/^time\b/, "time"],
  [/^(binary|interval)\b/, "other"],
];

/** A column as `DESCRIBE QUERY` tells of it. */
function sparkColumn(name: string, type: string): SourceColumn {
  const kind = kinds.find(([pattern]) => pattern.test(type))?.[1] ?? "nested";
  const scale = kind === "decimal" ? Number(/,\s*(\d+)\)/.exec(type)?.[1] ?? 0) : 0;
  return { name, kind, scale, type };
}

/** A query's text, and which of the tables in it have their version behind their name. */
interface PinnedQuery {
  relation: string;
  pinned: TableVersions;
}

/** The versions that an earlier run of a query read of a source's tables. */
export function versionsThen(snapshots: readonly SourceSnapshot[] = [], source: string): TableVersions {
  const then = snapshots.find((each) => each.source === source);
  return then?.read === "database" ? (then.versions ?? {}) : {};
}

/**
 * Has each table that the text itself names by its schema read at its version: Delta's number, Iceberg's snapshot. What a view there is
 * made of stays as it is now. https://docs.delta.io/latest/delta-batch.html#query-an-older-snapshot-of-a-table-time-travel
 */
export function pinTables(relation: string, versions: TableVersions): PinnedQuery {
  const { tokens } = tokensOf(relation);
  const pinned: Record<string, string> = {};
  let [text, from] = ["", 0];
  for (const { parts, end } of namedTables(tokens)) {
    const table = Object.keys(versions).find((each) => isNamed(each, parts));
    const version = table === undefined ? undefined : versions[table];
    if (version === undefined || !/^\d+$/.test(version)) continue;
    pinned[table!] = version;
    text += `${relation.slice(from, end)} VERSION AS OF ${version}`;
    from = end;
  }
  return { relation: text + relation.slice(from), pinned };
}

/** A record has the catalog's name, which a query may leave out. */
function isNamed(table: string, parts: readonly string[]): boolean {
  const [known, given] = [table, parts.join(".")].map((name) => name.toLowerCase()) as [string, string];
  return parts.length > 1 && (known === given || known.endsWith(`.${given}`));
}

const clauses = /^(select|from|where|group|order|having|on|using|window|limit|union|intersect|except|lateral)$/i;

/** Names where a table's is: behind FROM and JOIN, and behind a comma of theirs. */
function namedTables(tokens: readonly Token[]): { parts: string[]; end: number }[] {
  const found: { parts: string[]; end: number }[] = [];
  const clause: string[] = [""];
  for (const [at, { kind, text }] of tokens.entries()) {
    if (text === "(") clause.push("");
    else if (text === ")") clause.pop();
    else if (kind === "word" && clauses.test(text)) clause[clause.length - 1] = text.toLowerCase();
    const isComma = text === "," && /^(from|on|using)$/.test(clause.at(-1) ?? "");
    if (!isComma && !/^(from|join)$/i.test(text)) continue;
    const name = nameAt(tokens, at + 1);
    if (name) found.push(name);
  }
  return found;
}

function nameAt(tokens: readonly Token[], at: number): { parts: string[]; end: number } | null {
  const parts: string[] = [];
  for (let place = at; ; place += 2) {
    const [part, point] = [tokens[place], tokens[place + 1]];
    if (part?.kind !== "word" && part?.kind !== "quoted") return null;
    parts.push(part.kind === "quoted" ? part.text.slice(1, -1).replaceAll("``", "`") : part.text);
    if (point?.text === ".") continue;
    // A function, or a version that the query asks for itself.
    return /^(\(|version|timestamp|for)$/i.test(point?.text ?? "") ? null : { parts, end: part.end };
  }
}

/** Versions by the name of the table, as the query's plan has it. */
export type TableVersions = Readonly<Record<string, string>>;

/** Tables whose versions are asked for at most. */
const mostTables = 50;

/** How to ask for the version of a table that keeps its past, by the format that Spark calls its provider. */
const versionOf: Readonly<Record<string, (table: string) => string>> = {
  // https://docs.delta.io/latest/delta-utility.html#retrieve-delta-table-history
  delta: (table) => `DESCRIBE HISTORY ${table} LIMIT 1`,
  // https://iceberg.apache.org/docs/latest/spark-queries/#references
  iceberg: (table) => `SELECT snapshot_id AS version FROM ${table}.refs WHERE name = 'main'`,
};

/** The versions that tables have now: Delta's number, Iceberg's snapshot. Tables of other formats, and those it may not ask about, have none. */
export async function tableVersions(
  statements: SparkStatements,
  tables: readonly (readonly string[])[],
): Promise<TableVersions> {
  const versions: Record<string, string> = {};
  for (const parts of tables.slice(0, mostTables)) {
    const table = parts.map(sparkName).join(".");
    const described = await unlessRefused(() => statements.rows(`DESCRIBE TABLE EXTENDED ${table}`));
    const provider = described.find((row) => row.col_name === "Provider")?.data_type;
    const ask = versionOf[String(provider).toLowerCase()];
    const [row] = ask ? await unlessRefused(() => statements.rows(ask(table))) : [];
    if (row?.version != null) versions[parts.join(".")] = String(row.version);
  }
  return versions;
}

async function unlessRefused(ask: () => ReturnType<SparkStatements["rows"]>): ReturnType<SparkStatements["rows"]> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof StatementError) return [];
    throw error;
  }
}
