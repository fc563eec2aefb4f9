import { isNumeric, type SourceColumn } from "../data/engines/session.ts";
import { quoteName } from "../data/engines/tables.ts";
import type { FeatureSpec } from "../data/table.ts";

/** SQL that makes a model's input of a column, as training did. */
export interface Conversion {
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
