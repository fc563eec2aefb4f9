import type { ColumnKind, SourceColumn } from "../../columns.ts";

const kinds: readonly (readonly [RegExp, ColumnKind])[] = [
  [/^(tinyint|smallint|int|bigint|void)$/, "integer"],
  [/^decimal\b/, "decimal"],
  [/^(float|double)$/, "double"],
  [/^boolean$/, "boolean"],
  [/^(string|varchar|char)\b/, "text"],
  [/^date$/, "date"],
  [/^timestamp(_ntz|_ltz)?$/, "timestamp"],
  [/^time\b/, "time"],
  [/^(binary|interval)\b/, "other"],
];

/** A column as `DESCRIBE QUERY` tells of it. */
export function sparkColumn(name: string, type: string): SourceColumn {
  const kind = kinds.find(([pattern]) => pattern.test(type))?.[1] ?? "nested";
  const scale = kind === "decimal" ? Number(/,\s*(\d+)\)/.exec(type)?.[1] ?? 0) : 0;
  return { name, kind, scale, type };
}
