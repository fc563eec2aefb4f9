/**
 * The engines' types in our own words. `other` is a scalar that can only be a key (blob, bit, interval), `nested` has parts
 * (list, struct, map, JSON) and can only be taken apart by the query.
 */
export type ColumnKind =
  | "boolean"
  | "integer"
  | "decimal"
  | "double"
  | "text"
  | "date"
  | "timestamp"
  | "time"
  | "other"
  | "nested";

/** A column of the feature query's result. */
export interface SourceColumn {
  name: string;
  kind: ColumnKind;
  /** Digits after the point; 0 for all but decimals. */
  scale: number;
  /** The engine's own word for the type, for messages. */
  type: string;
}

export type ColumnRole = "key" | "group" | "time" | "feature" | "target";

/** A column and what it is for, in the order in which it is stored. */
export interface RoleColumn extends SourceColumn {
  role: ColumnRole;
}

/** Whether values of the kind are numbers. */
export function isNumeric(kind: ColumnKind): boolean {
  return kind === "integer" || kind === "decimal" || kind === "double";
}
