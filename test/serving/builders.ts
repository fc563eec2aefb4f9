import type { FeatureSpec } from "../../pipelines/data/table.ts";
import type { VersionRecord } from "../../pipelines/registry/version-record.ts";
import type { AnsweredRequest, Arm, RowBatch, RowColumn, ServedModel } from "../../pipelines/serving/served-model.ts";
import { buildCandidate } from "../registry/builders.ts";

/** What a loaded version tells the log; nothing is scored with it. */
export function servedModel(
  version: number,
  changes: { features?: readonly FeatureSpec[]; classes?: readonly string[]; key?: readonly string[] } = {},
): ServedModel {
  const { candidate } = buildCandidate({ tag: `${version}`, rmse: 1 });
  const { features, classes, key } = { features: candidate.features, classes: [], key: ["id"], ...changes };
  const config = { ...candidate.config, features: { ...candidate.config.features, key } };
  const record = {
    model: "rent",
    version,
    digest: `digest-${version}`,
    candidate: { ...candidate, features, classes, config },
  } as unknown as VersionRecord;
  return {
    name: "rent",
    version,
    record,
    signature: { features, key },
    placement: { by: "octocat", since: "2001-01-01T00:00:00.000Z", pull_request: null, why: null },
    score: () => Promise.reject(new Error("it is not scored here")),
    hold() {},
    letGo() {},
    retire: () => Promise.resolve(),
  };
}

/** A category with these texts; null is a missing one. */
export function textColumn(name: string, values: readonly (string | null)[]): RowColumn {
  const levels = [...new Set(values.filter((text) => text !== null))];
  return { name, kind: "category", codes: Int32Array.from(values, (text) => levels.indexOf(text ?? "\0")), levels };
}

export function batchOf(rows: number, columns: readonly RowColumn[], keys: RowBatch["keys"]): RowBatch {
  return { rows, columns, keys };
}

export function answered(
  model: ServedModel,
  batch: RowBatch,
  changes: Partial<Omit<AnsweredRequest, "model" | "batch">> & { values?: readonly number[]; arm?: Arm } = {},
): AnsweredRequest {
  const { values = Array.from({ length: batch.rows }, () => 1), ...rest } = changes;
  const { classes } = model.record.candidate;
  return {
    model,
    batch,
    arm: "production",
    time: Date.UTC(2001, 5, 15, 12),
    latency_ms: 2.5,
    predictions: rest.error ? null : { rows: batch.rows, classes, values: Float32Array.from(values) },
    error: null,
    ...rest,
  };
}
