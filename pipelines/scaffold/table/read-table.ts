import { isNumeric, type Session, type SourceColumn } from "../../data/engines/session.ts";
import { engineFailure, openSession, quoteName, quoteText, readerOf } from "../../data/engines/tables.ts";
import { UserError } from "../../errors/expected-error.ts";
import { type CsvDialect, type CsvOptions, csvArguments, encodingsOf, findDialect } from "./csv-dialect.ts";
import type { FileNotation } from "./number-notation.ts";
import type { DataTable, TableColumn } from "./table.ts";
import {
  describeReading,
  fileWords,
  missingNotes,
  planTexts,
  type TextPlan,
  textColumns,
  textFacts,
  textSql,
} from "./text-facts.ts";

/** Reads a CSV, Parquet or JSON file as a careful person would; `name` is what the user calls it. Throws UserError when it cannot be read. */
export async function readTable(file: string, name: string): Promise<DataTable> {
  using session = await openSession({ readable: [], writable: [file] });
  const readings: ((session: Session) => Promise<CsvReading>)[] =
    readerOf(file) === "read_csv"
      ? (await encodingsOf(file)).map((encoding) => (given) => readCsv(given, file, encoding))
      : [(given) => readTyped(given, file)];
  for (const [at, read] of readings.entries()) {
    try {
      return await describe(session, file, await read(session));
    } catch (error) {
      const reason = engineFailure(error)
        ?.message.split("\n")
        .find((line) => !/^CSV Error|^Original Line/.test(line));
      if (reason === undefined) throw error;
      if (at < readings.length - 1 && /unicode|utf-?8/i.test(String(error))) continue;
      throw unreadable(name, reason, error);
    }
  }
  throw new Error(`${name} was read in no way`);
}

function unreadable(name: string, reason: string, cause: unknown): UserError {
  const message = `${name} cannot be read: ${reason}`;
  return new UserError({ message, hint: "give a CSV, Parquet or JSON file" }, { cause });
}

/** Parquet and JSON bring their types; only texts may be numbers that somebody wrote with a word for what is missing. */
async function readTyped(session: Session, file: string): Promise<CsvReading> {
  const from = quoteText(file);
  const columns = await session.columns(`FROM ${readerOf(file)}(${from})`);
  const texts = columns
    .filter(({ type }) => type === "VARCHAR" || type === "JSON")
    .map(({ name, type }) => ({ name, sql: type === "JSON" ? `(${quoteName(name)} ->> '$')` : quoteName(name) }));
  const facts = await textFacts(session, `${readerOf(file)}(${from})`, texts);
  const { plans } = planTexts(
    texts.map(({ name }) => name),
    facts,
    ",",
  );
  const sql = plans.flatMap((plan, at) => {
    const found = textSql(plan, texts[at]?.sql);
    return found === null ? [] : [[plan.name, found] as const];
  });
  return { from: (path) => quoteText(path), sql: new Map(sql), unnamed: [], notes: missingNotes(plans) };
}

async function describe(session: Session, file: string, reading: CsvReading): Promise<DataTable> {
  const relation = reading.from(file).startsWith("'") ? `${readerOf(file)}(${quoteText(file)})` : reading.from(file);
  const read = await session.columns(`FROM ${relation}`);
  const selected = read.map(({ name }) => `${reading.sql.get(name) ?? quoteName(name)} AS ${quoteName(name)}`);
  const query = `(SELECT ${selected.join(", ")} FROM ${relation})`;
  const columns = await session.columns(`FROM ${query}`);
  const { rows, facts } = await factsOfColumn(session, query, columns);
  return {
    rows,
    from: reading.from,
    notes: reading.notes,
    columns: columns.map((column, at) => ({
      ...column,
      ...facts[at]!,
      sql: reading.sql.get(column.name) ?? null,
      unnamed: reading.unnamed.includes(column.name),
    })),
  };
}

type Facts = Pick<TableColumn, "distinct" | "missing" | "infinite" | "span" | "sorted">;

/** Columns of one scan: DuckDB's time to plan it grows with their square. */
const scanColumns = 64;

/** Exact facts of the columns of a relation. Reads every row, so that a type that does not fit one is found. */
async function factsOfColumn(
  session: Session,
  relation: string,
  columns: readonly SourceColumn[],
): Promise<{ rows: number; facts: Facts[] }> {
  const facts: Facts[] = [];
  let rows = 0;
  for (let start = 0; start < columns.length; start += scanColumns) {
    const some = columns.slice(start, start + scanColumns);
    const row = await session.row(`SELECT count(*) AS rows, ${some.map(aggregates).join(", ")} FROM ${relation}`);
    rows = Number(row.rows);
    facts.push(...some.map((_, at) => factsOf(row, at, rows)));
  }
  const unique = columns.flatMap((column, at) => {
    const fact = facts[at];
    return column.kind === "integer" && fact && fact.distinct === rows && rows > 1 ? [{ column, fact }] : [];
  });
  for (const { column, fact } of unique) fact.sorted = await isSorted(session, relation, column);
  return { rows, facts };
}

async function isSorted(session: Session, relation: string, { name }: SourceColumn): Promise<boolean> {
  const step = `${quoteName(name)} - lag(${quoteName(name)}) OVER ()`;
  const row = await session.row(
    `SELECT bool_and(step > 0) AS up, bool_and(step < 0) AS down FROM (SELECT ${step} AS step FROM ${relation})`,
  );
  return row.up === true || row.down === true;
}

function aggregates({ name, kind }: SourceColumn, at: number): string {
  const column = quoteName(name);
  const finite = kind === "double" ? `CASE WHEN isfinite(${column}) THEN ${column} END` : column;
  const given = kind === "double" ? `CASE WHEN NOT isnan(${column}) THEN ${column} END` : column;
  return [
    `count(${kind === "nested" ? `1) FILTER (${column} IS NOT NULL` : given}) AS given_${at}`,
    `count(${finite}) AS finite_${at}`,
    `${kind === "nested" ? "0" : `count(DISTINCT ${finite})`} AS distinct_${at}`,
    ...(isNumeric(kind)
      ? [
          `CAST(min(${finite}) AS DOUBLE) AS min_${at}`,
          `CAST(max(${finite}) AS DOUBLE) AS max_${at}`,
          `coalesce(bool_and(${finite} = floor(${finite})), false) AS whole_${at}`,
        ]
      : []),
  ].join(", ");
}

function factsOf(row: Record<string, unknown>, at: number, rows: number): Facts {
  const [given, finite] = [Number(row[`given_${at}`]), Number(row[`finite_${at}`])];
  const [min, max] = [row[`min_${at}`], row[`max_${at}`]];
  const span =
    typeof min === "number" && typeof max === "number" ? { min, max, whole: row[`whole_${at}`] === true } : null;
  return {
    distinct: Number(row[`distinct_${at}`]),
    missing: rows - given,
    infinite: given - finite,
    span,
    sorted: false,
  };
}

/** How to read a file: what to say to the reader, and the columns that need more than that. */
interface CsvReading {
  from(path: string): string;
  /** SQL by column, where it is more than the column itself. */
  sql: ReadonlyMap<string, string>;
  unnamed: readonly string[];
  notes: readonly string[];
}

/** Looks at every text of a CSV file, in one encoding, and finds the reader's options. */
async function readCsv(session: Session, file: string, encoding: string | undefined): Promise<CsvReading> {
  const dialect = await findDialect(session, file, encoding);
  const texts = reader({ ...dialect.options, all_varchar: true })(file);
  const names = (await session.columns(`FROM ${texts}`)).map(({ name }) => name);
  const facts = await textFacts(session, texts, textColumns(names));
  const { file: notation, plans } = planTexts(names, facts, dialect.delimiter);
  const words = fileWords(plans, facts);
  const apart = plans.filter((plan) => needsOwnSql(plan, notation, words));
  const common = commonOptions(dialect, plans, notation, words, apart);
  const pinned = await pinTypes(session, file, common, plans, apart);
  const options = differs(pinned, dialect) ? { ...pinned, header: dialect.header } : {};
  return {
    from: reader(options),
    sql: new Map(apart.flatMap((plan) => [[plan.name, textSql(plan) ?? ""] as const])),
    unnamed: dialect.unnamed,
    notes: describeReading({ dialect, options, plans, apart }),
  };
}

/** Without options a file is named by its name alone. */
function reader(options: CsvOptions): CsvReading["from"] {
  const rest = csvArguments(options);
  return (path) => (rest === "" ? quoteText(path) : `read_csv(${quoteText(path)}${rest})`);
}

/** A column that the options for the whole file do not fit. */
function needsOwnSql({ kind, notation, missing }: TextPlan, file: FileNotation, words: readonly string[]): boolean {
  if (missing.some(({ word }) => !words.includes(word))) return true;
  return kind === "number" && (notation.spaced || notation.decimal !== file.decimal);
}

function commonOptions(
  { options }: CsvDialect,
  plans: readonly TextPlan[],
  { decimal }: FileNotation,
  words: readonly string[],
  apart: readonly TextPlan[],
): CsvOptions {
  const grouped = plans.some((plan) => plan.kind === "number" && plan.notation.grouped && !apart.includes(plan));
  return {
    ...(options.delim === undefined ? {} : { delim: options.delim }),
    ...(options.encoding === undefined ? {} : { encoding: options.encoding }),
    ...(options.comment === undefined ? {} : { comment: options.comment }),
    header: options.header ?? true,
    ...(decimal === "," ? { decimal_separator: "," } : {}),
    ...(grouped ? { thousands: decimal === "," ? "." : "," } : {}),
    ...(words.length > 0 ? { nullstr: ["", ...words] } : {}),
  };
}

/** Types where the engine, by a sample and with these options, would see something else than what is there. */
async function pinTypes(
  session: Session,
  file: string,
  options: CsvOptions,
  plans: readonly TextPlan[],
  apart: readonly TextPlan[],
): Promise<CsvOptions> {
  const sniffed = await session.row(
    `SELECT Columns AS columns, DateFormat AS date, TimestampFormat AS timestamp FROM sniff_csv(${quoteText(file)}${csvArguments(options)})`,
  );
  const seen = new Map(columnsOf(sniffed.columns).map(({ name, type }) => [name, type]));
  const pinned = plans.flatMap((plan) => {
    const type = typeOf(plan, seen.get(plan.name) ?? "VARCHAR", apart.includes(plan));
    return type === null ? [] : [[plan.name, type] as const];
  });
  const formats = { dateformat: sniffed.date, timestampformat: sniffed.timestamp };
  const given = Object.entries(formats).filter(([, format]) => typeof format === "string" && !isIso(format));
  const types = pinned.length > 0 ? { types: Object.fromEntries(pinned) } : {};
  return { ...options, ...Object.fromEntries(given), ...types };
}

function columnsOf(value: unknown): { name: string; type: string }[] {
  return (value as { name: string; type: string }[]).map(({ name, type }) => ({ name, type }));
}

/** Formats that the engine finds again in any file. */
function isIso(format: string): boolean {
  return /^%Y-%m-%d([ T]|$)/.test(format);
}

const numbers = /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL.*)$/;
const fractions = /^(FLOAT|DOUBLE|DECIMAL.*)$/;

/** null when the engine sees the right type by itself; its sample may have had whole numbers only. */
function typeOf({ kind, type }: TextPlan, seen: string, apart: boolean): string | null {
  if (apart) return seen === "VARCHAR" ? null : "VARCHAR";
  if (kind === "number") return (type === "DOUBLE" ? fractions : numbers).test(seen) ? null : type;
  if (kind === "boolean") return seen === "BOOLEAN" || seen === "VARCHAR" ? null : "VARCHAR";
  return seen === "BOOLEAN" || numbers.test(seen) ? "VARCHAR" : null;
}

/** A comma and a header that the engine sees are what it takes by itself. */
function differs(options: CsvOptions, { isHeaderHidden }: CsvDialect): boolean {
  const { header: _, ...others } = options;
  return isHeaderHidden || Object.keys(others).length > 0;
}
