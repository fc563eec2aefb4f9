import type { FieldDef, Connection as Protocol, Submittable } from "pg";
import type { Window } from "../../../config/model-config.ts";
import { UserError } from "../../../errors/expected-error.ts";
import type { ColumnKind, SourceColumn } from "../session.ts";
import type { Connection } from "./connection.ts";
import { postgresDialect } from "./dialect.ts";
import type { PostgresQuery } from "./judge-query.ts";

/** The server's error about a statement that has the user's query after `prefix` characters of ours. */
export class InQuery extends Error {
  readonly prefix: number;

  constructor(prefix: number, cause: unknown) {
    super("the query failed", { cause });
    this.prefix = prefix;
  }
}

/** `$start` and `$end` as the server reads timestamps in UTC. */
type WindowValues = readonly [string, string];

/** The columns of a query, with the server's words for their types. */
interface DescribedQuery {
  columns: readonly SourceColumn[];
  types: readonly string[];
}

/** What begins a transaction in which nothing that lasts can be written, and all that is read is of one moment. */
const readOnly = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/** The columns of a query, none of whose rows is read. */
export async function describeQuery(connection: Connection, { text }: PostgresQuery): Promise<DescribedQuery> {
  const fields = await about(0, () => submitted(connection, { text, values: null }));
  return describeFields(connection, fields);
}

/** Likewise of our own SQL. */
export async function describeSql(connection: Connection, text: string): Promise<DescribedQuery> {
  return describeFields(connection, await submitted(connection, { text, values: null }));
}

async function describeFields(connection: Connection, fields: readonly FieldDef[]): Promise<DescribedQuery> {
  const { rows } = await connection.query(
    `SELECT format_type(type, modifier) AS word, t.typtype::text AS shape
      FROM unnest($1::oid[], $2::int4[]) WITH ORDINALITY AS given(type, modifier, at) JOIN pg_type t ON t.oid = type ORDER BY at`,
    [fields.map(({ dataTypeID }) => dataTypeID), fields.map(({ dataTypeModifier }) => dataTypeModifier)],
  );
  const types = rows as { word: string; shape: string }[];
  return {
    columns: fields.map(({ name }, at) => postgresColumn(name, types[at]!)),
    types: types.map(({ word }) => word),
  };
}

/** Lets the server plan the query and look whether the role may read what it reads; no row is read. */
export async function planQuery(connection: Connection, { text }: PostgresQuery, values: WindowValues): Promise<void> {
  const explain = "EXPLAIN (VERBOSE, FORMAT JSON) ";
  await connection.query(readOnly);
  await about(explain.length, () => submitted(connection, { text: explain + text, values }));
  await connection.query("COMMIT");
}

/** Runs the query once, in a transaction that can write nothing but the rows of a temporary table that is there already. */
export async function fillTable(
  connection: Connection,
  table: string,
  { columns, types }: DescribedQuery,
  { text }: PostgresQuery,
  values: WindowValues,
): Promise<void> {
  const typed = columns.map(({ name }, at) => `${postgresDialect.quoteName(name)} ${types[at]}`).join(", ");
  await about(0, () => connection.query(`CREATE TEMP TABLE ${table} (${typed})`));
  const insert = `INSERT INTO pg_temp.${table}\n`;
  await connection.query(readOnly);
  await about(insert.length, () => submitted(connection, { text: insert + text, values }));
  await requireShortTexts(connection, table, columns);
  await connection.query("COMMIT");
}

async function about<T>(prefix: number, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new InQuery(prefix, error);
  }
}

/** UTF-8 bytes of a text that a row may have: rows come here one by one, and no more than some of these may be in memory. */
const longestText = 4 * 2 ** 20;

/** The server knows the length of a text without reading it. */
async function requireShortTexts(
  connection: Connection,
  table: string,
  columns: readonly SourceColumn[],
): Promise<void> {
  const texts = columns.filter(({ kind, type }) => kind === "text" && !/^(uuid|"char"|name)$/.test(type));
  for (let from = 0; from < texts.length; from += 500) {
    const some = texts.slice(from, from + 500);
    const longest = some.map(({ name }, at) => `max(octet_length(${postgresDialect.quoteName(name)}::text)) AS n${at}`);
    const { rows } = await connection.query(`SELECT ${longest.join(", ")} FROM ${table}`);
    for (const [at, { name }] of some.entries()) {
      const bytes = Number((rows[0] as Record<string, unknown>)[`n${at}`] ?? 0);
      if (bytes <= longestText) continue;
      const message = `column ${name} has a text of ${(bytes / 2 ** 20).toFixed(1)} MiB; 4 MiB is the most`;
      throw new UserError({ message, hint: "take a part of it: left(…, 1000), or its length" });
    }
  }
}

/** Those of a window, as text; of any window when there is none, for a query that does not use them. */
export async function windowTexts(connection: Connection, window: Window | null): Promise<WindowValues> {
  const { start, end } = window ?? { start: "2001-01-01", end: "2001-01-01" };
  const { rows } = await connection.query(
    `SELECT ${postgresDialect.instant(start)}::text AS start, ${postgresDialect.instant(end)}::text AS end`,
  );
  const { start: from, end: to } = rows[0] as { start: string; end: string };
  return [from, to];
}

interface Statement {
  text: string;
  /** Of `$1` and `$2`; null only describes it. */
  values: WindowValues | null;
}

/** Both parameters are timestamps, whatever the server would take them for. The library's types say texts and mean numbers. */
const parameterTypes = [1114, 1114] as unknown as string[];

/**
 * Sends one statement by the protocol's own messages, in which there can be no second one. Gives the fields of a statement that
 * is described; rows of one that is run are let go.
 */
function submitted(connection: Connection, { text, values }: Statement): Promise<FieldDef[]> {
  return connection.use(
    (client) =>
      new Promise((resolve, reject) => {
        let fields: FieldDef[] = [];
        const statement: Submittable & Record<string, unknown> = {
          submit(protocol: Protocol) {
            protocol.parse({ name: "", text, types: parameterTypes }, true);
            if (values) protocol.bind({ values: [...values] }, true);
            if (values) protocol.execute({}, true);
            else protocol.describe({ type: "S", name: "" }, true);
            protocol.sync();
          },
          handleRowDescription: (message: { fields: FieldDef[] }) => (fields = message.fields),
          handleDataRow() {},
          handleCommandComplete() {},
          handleEmptyQuery() {},
          handlePortalSuspended() {},
          handleError: reject,
          handleReadyForQuery: () => resolve(fields),
        };
        client.query(statement);
      }),
  );
}

const kinds: readonly [RegExp, ColumnKind][] = [
  [/\[\]$|^(json|jsonb|record|xml|hstore|point|line|lseg|box|path|polygon|circle|.*(range|vector|query))$/, "nested"],
  [/^boolean$/, "boolean"],
  [/^(smallint|integer|bigint)$/, "integer"],
  [/^(real|double precision)$/, "double"],
  [/^(text|name|uuid|"char"|character varying(\(\d+\))?|character(\(\d+\))?|citext)$/, "text"],
  [/^date$/, "date"],
  [/^timestamp(\(\d\))? with(out)? time zone$/, "timestamp"],
  [/^time(\(\d\))? without time zone$/, "time"],
];

/** A type of a column as the catalogue knows it. */
interface DescribedType {
  /** `format_type`'s word, of the type below a domain. */
  word: string;
  /** `pg_type.typtype`: `e` for an enum, `c` for a composite. */
  shape: string;
}

/** A column as PostgreSQL describes it, in our words. A number of more digits than files have is one in floating point. */
function postgresColumn(name: string, { word, shape }: DescribedType): SourceColumn {
  const numeric = /^numeric(?:\((\d+),(-?\d+)\))?$/.exec(word);
  if (numeric) {
    const [digits, scale] = [Number(numeric[1] ?? 1000), Number(numeric[2] ?? 0)];
    const isDecimal = digits <= 38 && scale >= 0 && scale <= digits;
    return { name, kind: isDecimal ? "decimal" : "double", scale: isDecimal ? scale : 0, type: word };
  }
  const kind = kinds.find(([pattern]) => pattern.test(word))?.[1];
  const byShape: Readonly<Record<string, ColumnKind>> = { e: "text", c: "nested", r: "nested", m: "nested" };
  return { name, kind: kind ?? byShape[shape] ?? "other", scale: 0, type: plainWord(word) };
}

/** Precision of times below the second plays no part. */
function plainWord(word: string): string {
  return word.replace(/^(timestamp|time)\(\d\)/, "$1");
}
