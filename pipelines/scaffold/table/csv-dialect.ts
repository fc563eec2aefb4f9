import { open } from "node:fs/promises";
import type { Session } from "../../data/engines/session.ts";
import { quoteName, quoteText } from "../../data/engines/tables.ts";
import { missingAmongNumbers } from "./missing-words.ts";

/** How a file is cut into texts. `delim` is given when the engine would not find it, or when it is not a comma. */
export interface CsvDialect {
  options: Pick<CsvOptions, "delim" | "encoding" | "comment" | "header">;
  delimiter: string;
  header: boolean;
  /** The header is one that the engine takes for a row, because all columns are texts to it. */
  isHeaderHidden: boolean;
  /** Columns whose name is empty in the header: the engine calls them by number. */
  unnamed: readonly string[];
}

const headBytes = 64 * 1024;
const delimiters = [",", ";", "\t", "|"];

/** Looks at the head of a CSV file for what separates its columns, and whether it begins with their names. */
export async function findDialect(session: Session, file: string, encoding: string | undefined): Promise<CsvDialect> {
  const base = { ...(encoding === undefined ? {} : { encoding }) };
  const forced = await separatorOf(file, encoding);
  const given = forced === null ? base : { ...base, delim: forced };
  const { sniffed, comment } = await sniff(session, file, given);
  const delimiter = forced ?? String(sniffed.delim);
  const delim = delimiter === "," ? undefined : delimiter;
  const options = { ...base, ...comment, ...(delim === undefined ? {} : { delim }) };
  const first = await firstRow(session, file, options);
  const isHeaderHidden = sniffed.header !== true && (await isHeader(session, file, options, first));
  const header = sniffed.header === true || isHeaderHidden;
  const unnamed = header ? first.flatMap((text, at) => (text === null ? [columnName(at, first.length)] : [])) : [];
  return { options: { ...options, header }, delimiter, header, isHeaderHidden, unnamed };
}

interface Sniffed {
  delim: unknown;
  header: unknown;
}

/** The engine takes `#DIV/0!` at the start of a line for a comment, and drops the row: unless the file has other columns without such lines, they are rows. */
async function sniff(
  session: Session,
  file: string,
  options: CsvOptions,
): Promise<{ sniffed: Sniffed; comment: { comment?: "" } }> {
  const ask = (more: CsvOptions) =>
    session.row(
      `SELECT Delimiter AS delim, HasHeader AS header, Comment AS comment, len(Columns) AS columns FROM sniff_csv(${quoteText(file)}${csvArguments({ ...options, ...more })})`,
    );
  const first = await ask({});
  const sniffed = { delim: first.delim, header: first.header };
  if (first.comment === "(empty)" || first.comment === null) return { sniffed, comment: {} };
  const whole = await ask({ comment: "" }).catch(() => null);
  const areRows = whole !== null && whole.columns === first.columns && whole.header === first.header;
  return areRows
    ? { sniffed: { delim: whole.delim, header: whole.header }, comment: { comment: "" } }
    : { sniffed, comment: {} };
}

/** The only separator that all lines have equally often; null to leave it to the engine. */
async function separatorOf(file: string, encoding: string | undefined): Promise<string | null> {
  if (encoding === "utf-16" || /\.(gz|zst)$/i.test(file)) return null;
  const head = await readHead(file);
  const text = head.toString("latin1").replace(/"[^"]*"/g, '""');
  const lines = text.split(/\r?\n|\r/).slice(0, 200);
  const whole = head.length < headBytes ? lines : lines.slice(0, -1);
  const filled = whole.filter((line) => line !== "" && !line.includes('"', line.lastIndexOf('""') + 2));
  const steady = delimiters.filter((each) => {
    const [first = 0, ...others] = filled.map((line) => line.split(each).length - 1);
    return first > 0 && others.every((count) => count === first);
  });
  return steady.length === 1 ? (steady[0] ?? null) : null;
}

async function readHead(file: string): Promise<Buffer> {
  await using handle = await open(file);
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(headBytes), 0, headBytes, 0);
  return buffer.subarray(0, bytesRead);
}

/** UTF-16 by its byte order mark; the others are told apart by whether they can be read. */
export async function encodingsOf(file: string): Promise<(string | undefined)[]> {
  const [first, second] = await readHead(file);
  return first === 0xff && second === 0xfe ? ["utf-16"] : [undefined, "latin-1"];
}

function textsFrom(file: string, options: CsvOptions): string {
  return `read_csv(${quoteText(file)}${csvArguments({ ...options, header: false, all_varchar: true })})`;
}

async function firstRow(session: Session, file: string, options: CsvOptions): Promise<(string | null)[]> {
  const [row = {}] = await session.rows(`SELECT * FROM ${textsFrom(file, options)} LIMIT 1`);
  return Object.values(row).map((value) => (value === null ? null : String(value)));
}

/**
 * Whether the first row names the columns of a file in which the engine sees only texts: names are there, differ, are no numbers,
 * and none is a value of its own column further down.
 */
async function isHeader(
  session: Session,
  file: string,
  options: CsvOptions,
  first: readonly (string | null)[],
): Promise<boolean> {
  const names = first.slice(1);
  if (names.some((name) => name === null) || new Set(first).size < first.length) return false;
  if (first.some((name) => name !== null && /^\s*[+-]?[\d.,]+\s*$/.test(name))) return false;
  const again = first.map((name, at) =>
    name === null ? "0" : `count(*) FILTER (${quoteName(columnName(at, first.length))} = ${quoteText(name)})`,
  );
  const row = await session.row(
    `SELECT greatest(${again.join(", ")}, 0) AS again, count(*) AS rows FROM ${textsFrom(file, options)}`,
  );
  return Number(row.rows) > 1 && Number(row.again) <= 1 && !first.some((name) => isMissing(name));
}

function isMissing(name: string | null): boolean {
  return name !== null && missingAmongNumbers.has(name.trim().toLowerCase());
}

/** DuckDB's name of a column that has none; it pads the numbers to one width. */
function columnName(at: number, count: number): string {
  return `column${String(at).padStart(String(count - 1).length, "0")}`;
}

/** Options of `read_csv` that differ from what the engine would take by itself; what is undefined is left to it. */
export interface CsvOptions {
  delim?: string;
  encoding?: string;
  comment?: string;
  header?: boolean;
  decimal_separator?: string;
  thousands?: string;
  nullstr?: readonly string[];
  dateformat?: string;
  timestampformat?: string;
  types?: Readonly<Record<string, string>>;
  all_varchar?: boolean;
}

/** The options as arguments, each beginning with a comma. */
export function csvArguments(options: CsvOptions): string {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  return entries.map(([name, value]) => `, ${name} = ${literal(value)}`).join("");
}

function literal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value).map(([name, type]) => `${literal(name)}: ${literal(type)}`);
    return `{${members.join(", ")}}`;
  }
  return typeof value === "string" ? quoteText(value) : String(value);
}
