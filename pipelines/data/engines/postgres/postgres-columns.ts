import type { ColumnKind, SourceColumn } from "../../columns.ts";

const kinds: readonly [RegExp, ColumnKind][] = [
  [/\[\]$|^(json|jsonb|record|xml|hstore|point|line|lseg|box|path|polygon|circle|.*(range|vector|query))$/, "nested"],
  [/^boolean$/, "boolean"],
  [/^(smallint|integer|bigint)$/, "integer"],
  [/^(real|double precision)$/, "double"],
  [/^(text|name|uuid|"char"|character varying(\(\d+\))?|character(\(\d+\))?|citext)$/, "text"],
  [/^date$/, "date"],
  [/^timestamp(\(\d\))? with(out)? time zone$/, "timestamp"],
  [/^time(\(\d\))? without time zone$/, "time"],
];

/** A type of a column as the catalogue knows it. */
export interface DescribedType {
  /** `format_type`'s word, of the type below a domain. */
  word: string;
  /** `pg_type.typtype`: `e` for an enum, `c` for a composite. */
  shape: string;
}

/** A column as PostgreSQL describes it, in our words. A number of more digits than files have is one in floating point. */
export function postgresColumn(name: string, { word, shape }: DescribedType): SourceColumn {
  const numeric = /^numeric(?:\((\d+),(-?\d+)\))?$/.exec(word);
  if (numeric) {
    const [digits, scale] = [Number(numeric[1] ?? 1000), Number(numeric[2] ?? 0)];
    const isDecimal = digits <= 38 && scale >= 0 && scale <= digits;
    return { name, kind: isDecimal ? "decimal" : "double", scale: isDecimal ? scale : 0, type: word };
  }
  const kind = kinds.find(([pattern]) => pattern.test(word))?.[1];
  const byShape: Readonly<Record<string, ColumnKind>> = { e: "text", c: "nested", r: "nested", m: "nested" };
  return { name, kind: kind ?? byShape[shape] ?? "other", scale: 0, type: plainWord(word) };
}

/** Precision of times below the second plays no part. */
function plainWord(word: string): string {
  return word.replace(/^(timestamp|time)\(\d\)/, "$1");
}
