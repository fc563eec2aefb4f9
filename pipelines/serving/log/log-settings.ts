import type { ModelConfig } from "../../config/model-config.ts";
import type { CandidateRecord } from "../../registry/version-record.ts";
import { spread } from "../challenge/spread.ts";
import type { AnsweredRequest } from "../served-model.ts";

/** What of a model's rows is logged. */
export interface LogSettings {
  /** 0 to 1. */
  sample: number;
  /** Features and key columns that are logged as null. */
  redact: readonly string[];
}

/** As `serving.log` of a config says; all of everything where it says nothing. */
export function logSettings({ serving }: Pick<ModelConfig, "serving">): LogSettings {
  return { sample: serving?.log.sample ?? 1, redact: serving?.log.redact ?? [] };
}

/**
 * Whether a row is logged: by its key, or without one by the request that it came with, so that production and a shadow log the
 * same rows. Which keys are logged does not depend on which are the challenger's.
 */
export function isSampled(sample: number, row: { key: string | null; time: number; at: number }): boolean {
  if (sample >= 1) return true;
  return spread(row.key === null ? `log\0${row.time}\0${row.at}` : `log\0${row.key}`) < sample;
}

/** What the settings mean for one version: which of its features are hidden, and whether its key is. */
export interface Redaction {
  /** One a feature. */
  features: readonly boolean[];
  key: boolean;
  /** What hides nothing, because the version has no such feature and no such key column: most likely a mistake. */
  unknown: readonly string[];
}

/** The key is one text, so that hiding one of its columns hides all of it. */
export function redactionOf(
  { features, config }: Pick<CandidateRecord, "features" | "config">,
  { redact }: LogSettings,
): Redaction {
  const hidden = new Set(redact);
  const { key } = config.features;
  const known = new Set([...features.map(({ name }) => name), ...key]);
  return {
    features: features.map(({ name }) => hidden.has(name)),
    key: key.some((name) => hidden.has(name)),
    unknown: redact.filter((name) => !known.has(name)),
  };
}

/** Bytes that a value and a row take at least, as JavaScript keeps them and the engine after it. */
const [numberBytes, codeBytes, textBytes, rowBytes] = [8, 4, 48, 96];

/** Which rows of a request are logged; all when null. */
export function sampledRows({ batch, time }: AnsweredRequest, { sample }: LogSettings): readonly number[] | null {
  if (sample >= 1) return null;
  const rows: number[] = [];
  for (let at = 0; at < batch.rows; at++)
    if (isSampled(sample, { key: batch.keys?.[at] ?? null, time, at })) rows.push(at);
  return rows;
}

/** About how much memory the rows take until they are written. */
export function bytesOf({ batch, error }: AnsweredRequest, rows: number): number {
  let each = rowBytes + (error === null ? 0 : codeBytes);
  let texts = error === null ? 0 : textBytes + 2 * error.length;
  for (const column of batch.columns) {
    each += column.kind === "category" ? codeBytes : numberBytes;
    if (column.kind === "category") for (const text of column.levels) texts += textBytes + 2 * text.length;
  }
  return each * rows + texts;
}

/** Rows of a request that are to be logged; `taken` as `sampledRows` gave it. */
export interface LoggedRows {
  request: AnsweredRequest;
  taken: readonly number[] | null;
  rows: number;
}
