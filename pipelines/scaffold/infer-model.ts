import { basename, extname } from "node:path";
import type { Task } from "../config/model-config.ts";
import { didYouMean, UserError } from "../errors/expected-error.ts";
import { quotedName } from "./query-name.ts";
import type { DataTable, TableColumn } from "./table/table.ts";

/** A column of the feature query: its name, and its SQL where that is not the name alone. */
export interface QueryColumn {
  name: string;
  sql: string | null;
}

/** What a first model.yaml needs to know, inferred from a data file. */
export interface InferredModel {
  name: string;
  file: string;
  task: Task;
  target: QueryColumn;
  /** Number of classes of a classification. */
  classes: number | null;
  /** Why this is the target, when nobody said so. */
  target_because: string | null;
  /** SQL for WHERE: rows without a target are of no use. */
  where: string | null;
  /** Rows without a target. */
  missing_targets: number;
  key: QueryColumn | null;
  time: QueryColumn | null;
  features: QueryColumn[];
  /** Columns left out, with the reason. */
  left_out: { name: string; why: string }[];
  /** Of the rows that have a target. */
  rows: number;
}

const targetNames = /^(target|label|y|outcome|class)$/i;

/** Chooses name, target, task, key, time and features. Throws UserError when a named target does not exist, or cannot be one. */
export function inferModel(file: string, table: DataTable, wanted: { name?: string; target?: string }): InferredModel {
  const { rows } = table;
  const { target, because } = chooseTarget(table, wanted.target);
  const others = table.columns.filter((each) => each !== target);
  const key = findKey(others, rows);
  const time = findTime(others, rows);
  const rest = others.filter((each) => each !== key && each !== time);
  const reasons = rest.map((column) => ({ column, why: whyLeftOut(column, table, time) }));
  const used = reasons.filter(({ why }) => why === null).map(({ column }) => query(column));
  const features = used.length > 0 || time === null ? used : calendarFeatures(time, target.name);
  if (features.length === 0) throw nothingToLearn(file, target.name);
  const task = taskOf(target);
  const chosen = targetQuery(target, task);
  const missing = target.missing + target.infinite;
  return {
    name: wanted.name ?? modelName(file),
    file,
    task,
    target: chosen,
    classes: task === "classification" ? target.distinct : null,
    target_because: because,
    where: missing === 0 ? null : hasTarget(chosen, target),
    missing_targets: missing,
    key: key && query(key),
    time: time && query(time),
    features,
    left_out: reasons.flatMap(({ column: { name }, why }) => (why === null ? [] : [{ name, why }])),
    rows: rows - missing,
  };
}

function query({ name, sql }: TableColumn): QueryColumn {
  return { name, sql };
}

function chooseTarget(table: DataTable, wanted: string | undefined): { target: TableColumn; because: string | null } {
  const { columns, rows } = table;
  if (wanted !== undefined) return { target: requireTarget(table, wanted), because: null };
  const usable = (each: TableColumn) => whyNoTarget(each, rows) === null;
  const named = columns.find((each) => targetNames.test(each.name) && usable(each));
  if (named) return { target: named, because: "its name says so" };
  const last = columns.findLast((each) => usable(each) && !isCalendarName(each.name) && !identifies(each, rows));
  const target = last ?? columns.findLast(usable);
  if (target)
    return { target, because: target === columns.at(-1) ? "it is the last column" : "no column behind it can be" };
  const message = "no column of the file can be predicted";
  throw new UserError({
    message,
    hint: "a target is a number, a boolean or one of a few words; name it: --target <column>",
  });
}

function requireTarget({ columns, rows }: DataTable, wanted: string): TableColumn {
  const target = columns.find((each) => each.name === wanted);
  const names = columns.map((each) => each.name);
  if (!target) {
    const near = didYouMean(wanted, names);
    const hint = `${near ? `did you mean ${near}? ` : ""}It has: ${names.join(", ")}`;
    throw new UserError({ message: `no column ${wanted}`, hint });
  }
  const why = whyNoTarget(target, rows);
  if (why === null) return target;
  const hint =
    "a target is a number, a boolean or one of a few words: make one in features.sql, or name another column";
  throw new UserError({ message: `${wanted} cannot be predicted: ${why}`, hint });
}

function whyNoTarget({ kind, type, distinct, missing }: TableColumn, rows: number): string | null {
  if (!["boolean", "integer", "decimal", "double", "text"].includes(kind)) return `it is ${type}`;
  if (distinct === 0) return "it has no values";
  if (distinct === 1) return "it has the same value in every row";
  const unique = kind === "text" && distinct > 2 && distinct > (rows - missing) / 2;
  return unique ? "nearly every row has its own text" : null;
}

/** Parts of a date are what one predicts from. */
function isCalendarName(name: string): boolean {
  return /^(year|month|day|week|weekday|hour|quarter|date|time)$/i.test(name);
}

function whyLeftOut(column: TableColumn, { rows }: DataTable, time: TableColumn | null): string | null {
  const { name, kind, type, distinct, missing, unnamed } = column;
  if (missing === rows) return "no values";
  if (isRowNumber(column, rows)) return unnamed ? "a column without a name that numbers the rows" : "a row number";
  if (!["boolean", "integer", "decimal", "double", "text"].includes(kind))
    return `${type}: write what of it matters, e.g. ${kind === "date" || kind === "timestamp" ? `month(${quotedName(name)})${time ? "" : ", or make it features.time"}` : "a number or a word made of it"}`;
  if (distinct <= 1 && missing === 0) return "the same value in every row";
  if (kind === "integer" && identifies(column, rows))
    return "every row has its own number, as an identifier has; add it if it measures something";
  return kind === "text" && distinct > (rows - missing) / 2 ? "nearly every row has its own text" : null;
}

function nothingToLearn(file: string, target: string): UserError {
  const message = `${file} has no column to learn from besides ${target}`;
  return new UserError({ message, hint: "a model needs numbers, booleans or text that are not identifiers" });
}

/** Few whole numbers are classes, as in grades and stars; a fraction is measured. */
function taskOf({ kind, distinct, span }: TableColumn): Task {
  const isNumber = kind === "integer" || kind === "decimal" || kind === "double";
  return isNumber && (distinct > 10 || span?.whole === false) ? "regression" : "classification";
}

/** pandas keeps whole numbers with gaps as fractions, which do not name classes. */
function targetQuery({ name, kind, sql }: TableColumn, task: Task): QueryColumn {
  const isFraction = kind === "double" || kind === "decimal";
  if (task === "regression" || !isFraction) return { name, sql };
  return { name, sql: `CAST(${sql ?? quotedName(name)} AS BIGINT)` };
}

function hasTarget({ name, sql }: QueryColumn, { kind }: TableColumn): string {
  const value = sql ?? quotedName(name);
  return kind === "double" && sql === null ? `isfinite(${value})` : `${value} IS NOT NULL`;
}

function modelName(file: string): string {
  const name = basename(file, extname(file))
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
  return name || "model";
}

/** A date of the row, not one of the thing that it is about. */
const timeNames = /date|time|day|month|^(ts|at|when|year)$|_(at|on|ts)$/i;
const otherDates = /birth|dob|born|expir|due|valid|deadline|until|end/i;

/** The column that says when a row happened: of every row, and not the same in all; by name when there are several. */
function findTime(columns: readonly TableColumn[], rows: number): TableColumn | null {
  const dates = columns.filter(
    ({ name, kind, missing, distinct }) =>
      (kind === "date" || kind === "timestamp") && missing === 0 && distinct > 1 && rows > 1 && !otherDates.test(name),
  );
  return dates.find(({ name }) => timeNames.test(name)) ?? dates[0] ?? null;
}

/** What a table of dates and one value gives to learn from. */
function calendarFeatures({ name, kind, sql }: TableColumn, target: string): QueryColumn[] {
  const time = sql ?? quotedName(name);
  const parts = ["month", "isodow", ...(kind === "timestamp" ? ["hour"] : [])];
  return parts
    .filter((part) => part !== target && part !== name)
    .map((part) => ({ name: part, sql: `${part}(${time})` }));
}

/** `id`, `customer_id`, `PassengerId`, `order no`. */
const idNames =
  /(^|[_\s.-])(id|key|uuid|guid|identifier|code|sku|nr|no|number|isbn|iban|vin)$|[a-z](Id|ID|Key|Uuid|UUID|Code|Number)$/i;

/** What R, pandas, DuckDB and Spark call the number of a row. */
const rowNumberNames =
  /^(row[_\s.]?(id|num|number|names?|index|no)?|rownames|index|level_0|x|unnamed: ?\d+|_c0|\.\.\.1|#)$/i;

/** The first column that tells rows apart by its values and says so by its name; null when there is none. */
function findKey(columns: readonly TableColumn[], rows: number): TableColumn | null {
  return columns.find((each) => isKey(each, rows)) ?? null;
}

function isKey(column: TableColumn, rows: number): boolean {
  const { kind, missing } = column;
  const suits = kind === "integer" || kind === "text" || kind === "other";
  return suits && missing === 0 && idNames.test(column.name) && isUnique(column, rows) && !isRowNumber(column, rows);
}

function isUnique({ distinct, missing }: TableColumn, rows: number): boolean {
  return rows > 1 && distinct === rows - missing && distinct > 1;
}

/** A number that says where a row stands in the file: it would leak how the file is sorted, and is another one in the next file. */
function isRowNumber(column: TableColumn, rows: number): boolean {
  const { name, unnamed, span, kind, distinct, missing } = column;
  const isWhole = kind === "integer" || (kind === "double" && span?.whole === true);
  if (!isWhole || span === null) return false;
  if (unnamed || rowNumberNames.test(name)) return isUnique(column, rows) || unnamed;
  const counts =
    missing === 0 && distinct === rows && (span.min === 0 || span.min === 1) && span.max - span.min === rows - 1;
  return counts && !idNames.test(name);
}

/** What is counted or booked: a number of it names one. */
const numberedThings =
  /^(account|customer|client|user|order|invoice|ticket|serial|patient|subject|employee|member|student|case|record|observation|obs|sample|transaction|policy|contract|loan)(s|_?n(o|r|um|umber))?$/i;

/**
 * Whether the values tell rows apart as names of them do. Whole numbers that are all different may be that by accident, where
 * they are spread widely: they are names when the file is sorted by them, when they are called so, or when so many measurements
 * in such a range would hardly ever differ all. A year is none.
 */
function identifies(column: TableColumn, rows: number): boolean {
  const { name, kind, sorted } = column;
  if (!isUnique(column, rows)) return false;
  if (kind === "text") return true;
  if (kind !== "integer" || /year|jahr|ann[ée]e|año/i.test(name)) return false;
  return sorted || idNames.test(name) || numberedThings.test(name) || isDense(column);
}

/** That n draws from a range of r differ all has a chance of about exp(-n²/2r): below 5%. */
function isDense({ span, distinct }: TableColumn): boolean {
  return span !== null && distinct ** 2 / (2 * (span.max - span.min + 1)) > 3;
}
