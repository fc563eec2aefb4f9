import type { DataCheck } from "../config/model-config.ts";
import type { RowRuleName } from "../config/schema/checks-schema.ts";
import { type ColumnKind, isNumeric, type SourceColumn } from "./engines/session.ts";

/** A message and a hint. */
type Fault = readonly [string, string];

/** What the SQL of a rule is made of; all are SQL. */
interface RowSql {
  value: string;
  /** The second column's value. */
  other: string;
  /** A value that was written in the check. */
  literal(written: string | number | boolean): string;
  matches(pattern: string): string;
}

interface RowKind<Given> {
  /** For the label. */
  title(given: Given): string;
  /** Why the column cannot be asked this; null when it can. */
  fault?(given: Given, column: SourceColumn): Fault | null;
  /** SQL that is true for a row that keeps the rule, among those whose values are not null. */
  keeps(sql: RowSql, given: Given): string;
}

type Kinds = { readonly [Name in RowRuleName]: RowKind<NonNullable<DataCheck[Name]>> };

/** Every rule that each row keeps or not: an entry each, and a key in the schema. In the order in which they are told. */
const rowKinds: Kinds = {
  not_null: { title: () => "not null", keeps: ({ value }) => `${value} IS NOT NULL` },
  unique: { title: () => "unique", keeps: ({ value }) => `${value} IS NOT NULL` },
  between: {
    title: ([low, high]) => `between [${low ?? "…"}, ${high ?? "…"}]`,
    fault: (bounds, column) => unfit(bounds, column, "between"),
    keeps({ value, literal }, [low, high]) {
      const above = low === null ? "true" : `${value} >= ${literal(low)}`;
      return `(${above} AND ${high === null ? "true" : `${value} <= ${literal(high)}`})`;
    },
  },
  in_set: {
    title: (values) => `in {${values.slice(0, 6).join(", ")}${values.length > 6 ? ", …" : ""}}`,
    fault: (values, column) => unfit(values, column, "in_set"),
    keeps: ({ value, literal }, values) => `${value} IN (${values.map(literal).join(", ")})`,
  },
  matches: {
    title: (pattern) => `matches /${pattern}/`,
    fault: (_, { kind, name, type }) =>
      kind === "text" ? null : [`matches needs text, but ${name} is ${type}`, "use between or in_set"],
    keeps: ({ matches }, pattern) => matches(pattern),
  },
  compare: {
    title: ({ op, column }) => `${op} ${column}`,
    keeps: ({ value, other }, { op }) => `${value} ${op === "==" ? "=" : op} ${other}`,
  },
};

/** Their names. */
export const rowRuleNames = Object.keys(rowKinds) as readonly RowRuleName[];

/** The kind of a rule whose value is known to be of it. */
export function rowKind(name: RowRuleName): RowKind<unknown> {
  return rowKinds[name] as RowKind<unknown>;
}

/** Every value must be comparable with the column's. */
function unfit(
  values: readonly (string | number | boolean | null)[],
  column: SourceColumn,
  name: string,
): Fault | null {
  const wrong = values.find((value) => value !== null && !fits(value, column.kind));
  if (wrong === undefined) return null;
  return [
    `${name} of ${column.name} has ${JSON.stringify(wrong)}, but the column is ${column.type}`,
    `write ${wanted(column.kind)}`,
  ];
}

const isoTime = /^\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d(:?\d\d)?)?)?$/;

function fits(value: string | number | boolean, kind: ColumnKind): boolean {
  if (isNumeric(kind)) return typeof value === "number" && Number.isFinite(value);
  if (kind === "boolean") return typeof value === "boolean";
  if (kind === "date" || kind === "timestamp") {
    return typeof value === "string" && isoTime.test(value) && !Number.isNaN(Date.parse(value));
  }
  return kind === "text" && typeof value === "string";
}

function wanted(kind: ColumnKind): string {
  if (isNumeric(kind)) return "numbers";
  if (kind === "boolean") return "true or false";
  if (kind === "date" || kind === "timestamp") return "ISO dates such as 2001-03-31";
  return kind === "text"
    ? 'text, in quotes when it looks like a number: "1"'
    : "a check of another kind; this type has no values to compare";
}
