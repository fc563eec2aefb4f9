import type { ColumnKind, SourceColumn } from "../../columns.ts";
import { quoteName } from "./quote.ts";
import type { Session } from "./session.ts";

const kinds: readonly [RegExp, ColumnKind][] = [
  [/\[\d*\]$|^(STRUCT|MAP|UNION|VARIANT)\b|^JSON$/, "nested"],
  [/^BOOLEAN$/, "boolean"],
  [/^U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)$|^BIGNUM$/, "integer"],
  [/^DECIMAL\(/, "decimal"],
  [/^(FLOAT|DOUBLE)$/, "double"],
  [/^(VARCHAR|UUID)$|^ENUM\(/, "text"],
  [/^DATE$/, "date"],
  [/^TIMESTAMP/, "timestamp"],
  [/^TIME(_NS)?$/, "time"],
];

/** Integers that Parquet and most readers do not have. */
const wide = /^U?HUGEINT$|^BIGNUM$/;

/** A column as DuckDB describes it, in our words. */
export function sourceColumn(name: string, type: string): SourceColumn {
  const kind = kinds.find(([pattern]) => pattern.test(type))?.[1] ?? "other";
  const scale = kind === "decimal" ? Number(/,\s*(\d+)\)$/.exec(type)?.[1] ?? 0) : 0;
  return { name, kind, scale, type };
}

/** The columns of a table, view or query. */
export async function describeColumns(session: Session, relation: string): Promise<SourceColumn[]> {
  const rows = await session.rows(`DESCRIBE ${relation}`);
  return rows.map((row) => sourceColumn(String(row.column_name), String(row.column_type)));
}

/** One value for what is equal: minus zero is zero, every NaN is the same, timestamps are UTC, enums and UUIDs are text. */
export function plainValue({ name, kind, type }: SourceColumn): string {
  const column = quoteName(name);
  if (kind === "double")
    return `CASE WHEN isnan(${column}) THEN CAST('nan' AS ${type}) ELSE ${column} + CAST(0 AS ${type}) END`;
  if (kind === "timestamp" && /WITH TIME ZONE/.test(type)) return `timezone('UTC', ${column})`;
  if (kind === "timestamp" && !/_NS$/.test(type)) return `CAST(${column} AS TIMESTAMP)`;
  if (type === "BLOB") return `hex(${column})`;
  return kind === "text" || kind === "other" ? `CAST(${column} AS VARCHAR)` : column;
}

/** What is written to Parquet for a plain column; 128-bit integers become text where they identify, and doubles where they measure. */
export function storedValue(column: SourceColumn, identifies: boolean): string {
  const name = quoteName(column.name);
  if (!wide.test(column.type)) return name;
  return `CAST(${name} AS ${identifies ? "VARCHAR" : "DOUBLE"}) AS ${name}`;
}

/** A column that goes through to a file of ours as it is: its plain value, and text where Parquet has no such integer. */
export function keptValue(column: SourceColumn): string {
  return wide.test(column.type) ? `CAST(${plainValue(column)} AS VARCHAR)` : plainValue(column);
}
