import type { Json } from "./canonical-json.ts";

export type Task = "regression" | "classification";

/** Inclusive bounds on a metric, e.g. `{ max: 35 }`. */
export interface Bounds {
  min?: number;
  max?: number;
}

/** Metric name to its bounds. */
export type Limits = Readonly<Record<string, Bounds>>;

/** `start` inclusive, `end` exclusive; ISO dates or timestamps, UTC. */
export interface Window {
  start: string;
  end: string;
}

export type Severity = "block" | "warn";

/** One rule about the rows of the feature query. A check names a column, or `rows`, or two columns to compare. */
export interface DataCheck {
  column?: string;
  severity: Severity;
  /** Share of (non-null) rows that must satisfy a per-row rule, 0..1; 1 by default. */
  mostly: number;
  not_null?: boolean;
  unique?: boolean;
  /** Inclusive `[low, high]`; numbers, or ISO dates for dates and timestamps. null leaves a side open. */
  between?: readonly [number | string | null, number | string | null];
  in_set?: readonly (string | number | boolean)[];
  /** RE2 regular expression that must match the whole text. */
  matches?: string;
  /** number | integer | boolean | text | date | timestamp */
  type?: string;
  distinct_count?: Bounds;
  min?: Bounds;
  max?: Bounds;
  mean?: Bounds;
  /** `q` in 0..1. */
  quantile?: { q: number; min?: number; max?: number };
  rows?: Bounds;
  /** `column <op> other`, per row. */
  compare?: { op: "<" | "<=" | "==" | "!=" | ">=" | ">"; column: string };
}

export interface SliceRule {
  by: string;
  metric: string;
  /** How much worse than production a slice may get: relative (`10%` is `{ relative: 0.1 }`) or in the metric's unit. */
  max_regression: { relative: number } | { absolute: number };
  min_rows: number;
}

export interface Waiver {
  /** The id of a gate check, e.g. `slice:origin=ATL`, `metric:mae`, `signature`. */
  check: string;
  /** Last day (UTC, inclusive) on which it holds: `2026-12-31`. */
  until: string;
  reason: string;
}

export interface RetrainRule {
  mode: "point" | "superior" | "non-inferior";
  /** Only for non-inferior, in the unit of the primary metric, or relative. */
  margin: { relative: number } | { absolute: number } | null;
  confidence: number;
}

export interface Thresholds {
  primary: string;
  first_deploy: Limits;
  retrain: RetrainRule;
  always: Limits;
  slices: readonly SliceRule[];
  /** What becomes of a candidate that is no better than naive on the primary metric; absent from records of before it was asked. */
  naive?: Severity;
  allow_breaking: boolean;
  /** Judged rows below which a verdict is inconclusive; versions of before it was asked have none. */
  min_test_rows?: number;
  waive: readonly Waiver[];
}

/** What a search may draw for a param. */
export interface SearchRange {
  min: number;
  max: number;
  scale: "linear" | "log";
  integer: boolean;
}

export interface SearchConfig {
  method: "grid" | "random" | "halving";
  /** By param: values to choose from, or a range. */
  space: Readonly<Record<string, readonly Json[] | SearchRange>>;
  trials: number;
  metric: string;
  /** Share of the train split that trials are scored on. */
  validation: number;
  parallel: number;
  eta: number;
  /** `rows`, or a param that is a whole number: what halving grows. */
  resource: string;
}

export interface FeaturesConfig {
  engine: string;
  /** Path of the SQL file, relative to the model's folder. */
  query: string;
  window: Window | null;
  /** Empty when the row itself is hashed. */
  key: readonly string[];
  target: string;
  time: string | null;
  /** Without `seed`, the one of the model's versions, or 0. */
  split: { by: "time" | "key"; test: number; seed?: number };
  checks: readonly DataCheck[];
}

/** When the last promotion is taken back without a person; at least one condition is asked for. */
export interface RollbackConfig {
  when: {
    /** Shares, 0..1; null when not asked for. */
    error_rate: number | null;
    outside_reference: number | null;
    worse_than_previous: boolean;
  };
  min_rows: number;
}

/** A model.yaml once checked and completed with defaults. Keys are spelt as in YAML. */
export interface ModelConfig {
  name: string;
  description: string;
  owner: string | null;
  task: Task;
  type: string;
  seed: number;
  /** Complete: the trainer's defaults are filled in. */
  params: Readonly<Record<string, Json>>;
  search: SearchConfig | null;
  features: FeaturesConfig;
  thresholds: Thresholds;
  drift: {
    window: string;
    /** Path of the monitoring query, relative to the model's folder. */
    query: string | null;
    /** How long after its row a label is final, e.g. `2d`. */
    label_delay: string;
    min_rows: number;
    on_drift: "issue" | "pull-request";
    share: number;
    persist: string;
    method: string;
  };
  retrain: { window: "expanding" | "sliding"; schedule: "never" | "weekly" | "monthly" };
  /** null: never. */
  rollback: RollbackConfig | null;
  resources: { runner: string; timeout_minutes: number; memory_gb: number; threads: number };
}

/** mergeml.yaml once checked and completed. */
export interface RepositoryConfig {
  /** Name of the registry branch. */
  registry: string;
  /** The remote that has it; found by `findRemote` when left out. */
  remote?: string;
  /** Folders the feature queries may read, relative to the repository, inside it; file names in queries are looked up here. */
  data: readonly string[];
  /** Dataset store: a directory, relative to the repository or absolute. */
  store: string;
  /** Prediction log: a directory, relative to the repository or absolute, with a folder per model. */
  predictions: string;
  /** Days an unreferenced dataset is kept before `gc` deletes it. */
  gc_grace_days: number;
  /** Defaults merged under every model.yaml. */
  defaults: Json;
}
