import type { DatasetRef } from "../dataset-store.ts";
import type { ItemLabels, NewItem } from "./remote-store.ts";

/** What is written down of an item beside its content, read as hostile data: other tools may write to a store. */
export interface ItemRecord extends NewItem {
  /** Where the content is, as the store calls it. */
  content: string;
}

/** The JSON of a record. */
export function writeItemRecord(record: ItemRecord): string {
  return `${JSON.stringify({ format: 1, ...record }, null, 2)}\n`;
}

/** null for what is no record of `name`. */
export function readItemRecord(text: string, name: string): ItemRecord | null {
  const value = parsed(text);
  if (value === null || value.format !== 1 || value.name !== name) return null;
  const { bytes, sha256, content, labels, ref } = value;
  if (typeof bytes !== "number" || !Number.isSafeInteger(bytes) || bytes < 0 || typeof content !== "string")
    return null;
  if (sha256 !== null && !(typeof sha256 === "string" && /^sha256:[0-9a-f]{64}$/.test(sha256))) return null;
  const dataset = ref === null ? null : datasetIn(ref);
  if (dataset === undefined) return null;
  return { name, bytes, sha256, content, ref: dataset, labels: labelsIn(labels) };
}

function parsed(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** undefined when it is none. */
function datasetIn(value: unknown): DatasetRef | undefined {
  const { fingerprint, rows, columns } = (value ?? {}) as Record<string, unknown>;
  if (typeof fingerprint !== "string" || typeof rows !== "number" || !Array.isArray(columns)) return undefined;
  const read = columns.map((each: { name?: unknown; type?: unknown } | null) => ({
    name: each?.name,
    type: each?.type,
  }));
  const isColumn = (each: { name: unknown; type: unknown }): each is { name: string; type: string } =>
    typeof each.name === "string" && typeof each.type === "string";
  return read.every(isColumn) ? { fingerprint, rows, columns: read } : undefined;
}

function labelsIn(value: unknown): ItemLabels {
  const { model, split, version, repositories } = (value ?? {}) as Record<string, unknown>;
  return {
    ...(typeof model === "string" && { model: model.slice(0, 200) }),
    ...((split === "train" || split === "test" || split === "predictions") && { split }),
    ...(typeof version === "number" && { version }),
    repositories: Array.isArray(repositories) ? repositories.filter((each) => typeof each === "string") : [],
  };
}
