import type { AggregateName } from "../config/schema/checks-schema.ts";
import { numberText } from "../statistics/format-number.ts";
import { isNumeric, type SourceColumn } from "./columns.ts";
import type { Dialect } from "./engines/dialect.ts";

interface AggregateKind {
  /** For the label, before the bounds. */
  title(q: number): string;
  /** SQL of the number; `value` is null where it is missing. It is made of a number when `ofNumbers`. */
  sql(value: string, dialect: Dialect, q: number): string;
  ofNumbers: boolean;
}

/** Every rule about one number of a whole column: a line each, and a key in the schema. In the order in which they are told. */
export const aggregateKinds: Readonly<Record<AggregateName, AggregateKind>> = {
  distinct_count: { title: () => "distinct count", sql: (value) => `count(DISTINCT ${value})`, ofNumbers: false },
  min: { title: () => "min", sql: (value) => `min(${value})`, ofNumbers: true },
  max: { title: () => "max", sql: (value) => `max(${value})`, ofNumbers: true },
  mean: { title: () => "mean", sql: (value) => `avg(${value})`, ofNumbers: true },
  quantile: {
    title: (q) => `${numberText(q)} quantile`,
    sql: (value, dialect, q) => dialect.quantile(value, q),
    ofNumbers: true,
  },
};

/** Why a column cannot be asked for a number; null when it can. */
export function aggregateFault(
  name: AggregateName,
  { kind, name: column, type }: SourceColumn,
): [string, string] | null {
  if (!aggregateKinds[name].ofNumbers || isNumeric(kind) || kind === "boolean") return null;
  return [`${name} needs a number, but ${column} is ${type}`, "use between, or cast the column in the query"];
}
