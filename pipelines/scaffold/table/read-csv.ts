import type { Session } from "../../data/engines/session.ts";
import { quoteText } from "../../data/engines/tables.ts";
import { type CsvDialect, findDialect } from "./csv-dialect.ts";
import { type CsvOptions, csvArguments } from "./csv-options.ts";
import type { FileNotation } from "./number-notation.ts";
import { fileWords, planTexts, type TextPlan, textSql } from "./plan-texts.ts";
import { describeReading } from "./reading-notes.ts";
import { textColumns, textFacts } from "./text-facts.ts";

/** How to read a file: what to say to the reader, and the columns that need more than that. */
export interface CsvReading {
  from(path: string): string;
  /** SQL by column, where it is more than the column itself. */
  sql: ReadonlyMap<string, string>;
  unnamed: readonly string[];
  notes: readonly string[];
}

/** Looks at every text of a CSV file, in one encoding, and finds the reader's options. */
export async function readCsv(session: Session, file: string, encoding: string | undefined): Promise<CsvReading> {
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
