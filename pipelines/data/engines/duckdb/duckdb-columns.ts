import type { ColumnKind, SourceColumn } from "../session.ts";

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

/** A column as DuckDB describes it, in our words. */
export function sourceColumn(name: string, type: string): SourceColumn {
  const kind = kinds.find(([pattern]) => pattern.test(type))?.[1] ?? "other";
  const scale = kind === "decimal" ? Number(/,\s*(\d+)\)$/.exec(type)?.[1] ?? 0) : 0;
  return { name, kind, scale, type };
}
