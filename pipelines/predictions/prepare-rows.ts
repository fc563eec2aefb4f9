import { isNumeric, type Session, type SourceColumn } from "../data/engines/session.ts";
import { keptValue, quoteName, quoteText } from "../data/engines/tables.ts";
import { freeName } from "../data/free-name.ts";
import { nameHint } from "../data/name-hint.ts";
import type { FeatureSpec } from "../data/table.ts";
import { didYouMean, type Problem, UserError } from "../errors/expected-error.ts";
import type { InputRows } from "./input-file.ts";

/** How the rows of an input become rows for a model. */
export interface RowPlan {
  input: InputRows;
  features: readonly FeatureSpec[];
  /** One per feature. */
  conversions: readonly Conversion[];
  /** Columns that go through to the result as they are: key and time, and features of another type. */
  kept: readonly SourceColumn[];
  /** Columns of the input that nothing needs. */
  ignored: readonly string[];
  /** Features the input lacks, and features whose column is of a type that cannot be converted. */
  vanished: readonly string[];
  changed: readonly string[];
}

/** Plans the conversion; features that are missing or of another type are scored as missing values. */
export function planRows(input: InputRows, features: readonly FeatureSpec[], kept: readonly string[]): RowPlan {
  const byName = new Map(input.columns.map((column) => [column.name, column]));
  const vanished: string[] = [];
  const changed: string[] = [];
  const conversions = features.map((feature) => {
    const column = byName.get(feature.name);
    const conversion = column ? convertFeature(feature, column) : null;
    if (!conversion) (column ? changed : vanished).push(feature.name);
    return conversion ?? absentFeature(feature);
  });
  const named = new Set(features.map(({ name }) => name));
  const through = input.columns.filter(
    ({ name }) => changed.includes(name) || (kept.includes(name) && !named.has(name)),
  );
  const used = new Set([...named, ...through.map(({ name }) => name)]);
  const ignored = input.columns.map(({ name }) => name).filter((name) => !used.has(name));
  return { input, features, conversions, kept: through, ignored, vanished, changed };
}

/** Throws UserError that names every feature the input lacks, or has as something else, and what the input has. */
export function requireFeatures({ input, features, vanished, changed }: RowPlan): void {
  const names = input.columns.map(({ name }) => name);
  const missing = vanished.length > 0 ? [missingColumns(input.name, vanished, names)] : [];
  const wrong = changed.map((name) => {
    const kind = features.find((feature) => feature.name === name)?.kind;
    const type = input.columns.find((column) => column.name === name)?.type;
    return {
      message: `${input.name} has ${name} as ${type}, but the model needs a ${kind}`,
      hint: `convert the column, for example in a query: mergeml predict … --input query.sql`,
    };
  });
  if (missing.length + wrong.length > 0) throw new UserError([...missing, ...wrong]);
}

function missingColumns(input: string, missing: readonly string[], names: readonly string[]): Problem {
  const [only = ""] = missing;
  if (missing.length === 1) {
    const hint = `${nameHint(only, names)}it has: ${names.join(", ")}`;
    return { message: `${input} has no column ${only}, which the model needs`, hint };
  }
  const near = missing.flatMap((name) => {
    const meant = didYouMean(name, names);
    return meant === null ? [] : [`${name}: did you mean ${meant}?`];
  });
  const message = `${input} lacks ${missing.length} columns that the model needs: ${missing.join(", ")}`;
  return { message, hint: [...near, `it has: ${names.join(", ")}`].join("\n") };
}

/** SQL for why a row is refused, as a text; NULL for a row that can be scored. */
function reasonOf({ features, conversions }: RowPlan): string {
  const cases = conversions.flatMap(({ refused }, at) => {
    const feature = features[at];
    if (refused === null || !feature) return [];
    const shown = `coalesce(left(CAST(${quoteName(feature.name)} AS VARCHAR), 60), '')`;
    const what = feature.kind === "category" ? "has a null character" : `is not a ${feature.kind}`;
    return `WHEN ${refused} THEN ${quoteText(`${feature.name} ${what}: `)} || ${shown}`;
  });
  return cases.length === 0 ? "CAST(NULL AS VARCHAR)" : `CASE ${cases.join(" ")} END`;
}

/** What was found among the rows of an input. */
export interface PreparedRows {
  /** All, refused ones among them. */
  rows: number;
  rejected: number;
  /** The first few refused rows. */
  examples: readonly RejectedRow[];
}

export interface RejectedRow {
  /** From 1, in the order of the input. */
  row: number;
  reason: string;
}

/** Files of our own that the session must be allowed to write. */
interface RowFiles {
  /** Rows to score: `k0` … for the kept columns and `f0` … for the features, so that no name of the user's can collide. */
  scored: string;
  rejected: string;
}

const mostExamples = 5;

/** Converts all rows in the order of the input. Rows that are refused go to a file of their own, with number and reason. */
export async function prepareRows(session: Session, plan: RowPlan, files: RowFiles): Promise<PreparedRows> {
  const { kept, conversions, input } = plan;
  const reason = reasonOf(plan);
  const columns = [
    ...kept.map((column, at) => `${keptValue(column)} AS k${at}`),
    ...conversions.map(({ value }, at) => `${value} AS f${at}`),
  ];
  const certain = conversions.every(({ refused }) => refused === null);
  const where = certain ? "" : `WHERE (${reason}) IS NULL`;
  await session.run(
    `COPY (SELECT ${columns.join(", ")} FROM ${input.from} ${where}) TO ${quoteText(files.scored)} (FORMAT parquet)`,
  );
  const { rows } = await session.row(`SELECT count(*) AS rows FROM read_parquet(${quoteText(files.scored)})`);
  if (certain) return { rows: Number(rows), rejected: 0, examples: [] };
  return { ...(await keepRejected(session, input, reason, files.rejected)), rows: await countRows(session, input) };
}

async function countRows(session: Session, { from }: InputRows): Promise<number> {
  const { rows } = await session.row(`SELECT count(*) AS rows FROM ${from}`);
  return Number(rows);
}

async function keepRejected(
  session: Session,
  { from, columns }: InputRows,
  reason: string,
  file: string,
): Promise<Pick<PreparedRows, "rejected" | "examples">> {
  const taken = columns.map(({ name }) => name);
  const [row, why] = ["rejected_row", "rejected_reason"].map((name) => quoteName(freeName(name, taken)));
  const numbered = `SELECT row_number() OVER () AS ${row}, ${reason} AS ${why}, * FROM ${from}`;
  await session.run(`COPY (SELECT * FROM (${numbered}) WHERE ${why} IS NOT NULL) TO ${quoteText(file)}
    (FORMAT parquet, COMPRESSION zstd)`);
  const stored = `read_parquet(${quoteText(file)})`;
  const { rows } = await session.row(`SELECT count(*) AS rows FROM ${stored}`);
  const examples = await session.rows(
    `SELECT ${row} AS line, ${why} AS reason FROM ${stored} ORDER BY line LIMIT ${mostExamples}`,
  );
  return {
    rejected: Number(rows),
    examples: examples.map((each) => ({ row: Number(each.line), reason: String(each.reason) })),
  };
}

/** SQL that makes a model's input of a column, as training did. */
interface Conversion {
  /** DOUBLE for a number, BOOLEAN for a boolean, VARCHAR for a category; NULL where the value is missing or refused. */
  value: string;
  /** Whether a row's value is refused; null when no value of the column can be. */
  refused: string | null;
}

/** null when no value of such a column can be the feature, e.g. a date for a number. */
export function convertFeature(feature: FeatureSpec, column: SourceColumn): Conversion | null {
  if (feature.kind === "category") return toCategory(column);
  const text = textOf(column);
  return feature.kind === "number" ? toNumber(column, text) : toBoolean(column, text);
}

/** A feature that is missing in every row. */
export function absentFeature({ kind }: FeatureSpec): Conversion {
  const type = { number: "DOUBLE", boolean: "BOOLEAN", category: "VARCHAR" }[kind];
  return { value: `CAST(NULL AS ${type})`, refused: null };
}

/** An empty text is a missing value, as in a CSV file. JSON of mixed types is read as text. */
function textOf({ name, kind, type }: SourceColumn): string | null {
  const column = quoteName(name);
  if (kind === "text") return `nullif(trim(CAST(${column} AS VARCHAR)), '')`;
  return type === "JSON" ? `nullif(trim(${column} ->> '$'), '')` : null;
}

function toNumber({ name, kind }: SourceColumn, text: string | null): Conversion | null {
  if (isNumeric(kind) || kind === "boolean") return { value: `CAST(${quoteName(name)} AS DOUBLE)`, refused: null };
  return text === null ? null : tried(text, "DOUBLE");
}

function toBoolean({ name, kind }: SourceColumn, text: string | null): Conversion | null {
  const column = quoteName(name);
  if (kind === "boolean") return { value: column, refused: null };
  if (isNumeric(kind))
    return {
      value: `CASE WHEN ${column} = 1 THEN true WHEN ${column} = 0 THEN false END`,
      refused: `(${column} IS NOT NULL AND ${column} NOT IN (0, 1))`,
    };
  return text === null ? null : tried(text, "BOOLEAN");
}

function tried(text: string, type: string): Conversion {
  const value = `TRY_CAST(${text} AS ${type})`;
  return { value, refused: `(${text} IS NOT NULL AND ${value} IS NULL)` };
}

/** Fractions are not categories: `5` and `5.0` would be two. ONNX Runtime cuts a text at a null character. */
function toCategory({ name, kind, type }: SourceColumn): Conversion | null {
  const column = quoteName(name);
  if (["double", "decimal", "other"].includes(kind) || (kind === "nested" && type !== "JSON")) return null;
  if (kind !== "text" && kind !== "nested") return { value: `CAST(${column} AS VARCHAR)`, refused: null };
  const text = kind === "text" ? `CAST(${column} AS VARCHAR)` : `(${column} ->> '$')`;
  return { value: text, refused: `contains(${text}, chr(0))` };
}
