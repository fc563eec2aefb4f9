import type { ModelConfig, Window } from "../config/model-config.ts";
import type { DatasetRef } from "../data/dataset-store.ts";
import { formatCount } from "../statistics/format-number.ts";

/** `2001-01-01 … 2001-04-01`; empty without a window. */
export function windowLine(window: Window | null): string {
  return window ? `${window.start} … ${window.end}` : "";
}

/** `1,108,433 rows` */
export function rowsLine(dataset: DatasetRef): string {
  return `${formatCount(dataset.rows)} row${dataset.rows === 1 ? "" : "s"}`;
}

/** `1,108,433 rows fp:3f9c…`, with the whole fingerprint. */
export function datasetLine(dataset: DatasetRef): string {
  return `${rowsLine(dataset)} ${dataset.fingerprint}`;
}

/** `trees 200, learning_rate 0.1` */
export function paramsLine(params: ModelConfig["params"]): string {
  return Object.entries(params)
    .map(([name, value]) => `${name} ${JSON.stringify(value)}`)
    .join(", ");
}
