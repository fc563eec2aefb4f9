import { freeName } from "../data/free-name.ts";
import { predictedColumns } from "../data/scores-table.ts";

/** Columns that every row of a prediction log has, before the features. `key` is a text; see `logKey`. */
const logColumns = ["time", "model", "version", "arm", "key", "latency_ms"] as const;

/**
 * A column that a log may have: why a request failed, as a text; null, or not there, for one that was served. What failed has
 * no prediction.
 */
export const errorColumn = "error";

/**
 * Key of a file's own metadata whose value is a JSON list of columns that were logged as null on purpose: nothing is known of their
 * values in that file.
 */
export const redactedEntry = "mergeml_redacted";

/** Names that no feature and no prediction has in a log. */
export const reservedColumns: readonly string[] = [...logColumns, errorColumn];

/** What a feature, a prediction column or the target is called in a prediction log or a window. */
export interface LogNames {
  /** One per feature. */
  features: readonly string[];
  /** `prediction`, or `label` and `probability_<class>` in the order of the classes. */
  predictions: readonly string[];
}

/** The names of the columns; one that the layout itself needs gets an underscore, so a feature `model` is logged as `model_`. */
export function logNames(features: readonly string[], classes: readonly string[]): LogNames {
  const names: string[] = [];
  for (const feature of features) names.push(freeName(feature, [...reservedColumns, ...names]));
  const predictions = predictedColumns(classes, [...reservedColumns, ...names]).map(({ name }) => name);
  return { features: names, predictions };
}

/**
 * SQL for the text that identifies a row in the log, from its key columns: a single column's own text, several as a JSON
 * list of texts. NULL without a key, or when a part of it is missing.
 */
export function logKey(columns: readonly string[]): string {
  const texts = columns.map((column) => `CAST(${column} AS VARCHAR)`);
  if (texts.length < 2) return texts[0] ?? "CAST(NULL AS VARCHAR)";
  const missing = texts.map((text) => `${text} IS NULL`).join(" OR ");
  return `CASE WHEN ${missing} THEN NULL ELSE CAST(to_json([${texts.join(", ")}]) AS VARCHAR) END`;
}

/** `2001-06-15`, the folder of a moment, in UTC. */
export function logDay(time: Date): string {
  return time.toISOString().slice(0, 10);
}
