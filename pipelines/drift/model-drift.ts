import type { DriftResult } from "./drift-result.ts";
import type { MetricLevel } from "./profile/profile.ts";

/** `from` inclusive, `to` exclusive, ISO UTC. */
export interface Span {
  from: string;
  to: string;
}

/** What the last windows say of the version of a model that is in production. Plain JSON. */
export interface ModelDrift {
  model: string;
  version: number;
  /** `@user` or `@org/team`, as model.yaml says today. */
  owner: string | null;
  /** The newest whole window before now. */
  window: Span;
  /** `drift.window`, such as `7d`, and `drift.persist`, such as `2 of 3`. */
  every: string;
  persist: string;
  /** Where the window's rows came from: `drift.query`, the prediction log, or the feature query. */
  source: "query" | "log" | "features";
  /** Of the newest window. */
  outcome: DriftResult["outcome"];
  /** Over the last windows together, see `persistentOutcome`. */
  persistent: "drift" | "clean" | "undecided";
  /** Of the newest window. */
  result: DriftResult;
  labels: LabelFacts;
  /** Rows of the newest window with a value that cannot be converted, which are left out. */
  rejected: number;
  /** The last windows that have rows, newest first, eight at most. The newest window is the first of them, unless it is empty. */
  history: readonly DriftPoint[];
  /** Start of the first of the drifting windows in a row, up to the newest that says something; null when that one is clean. */
  since: string | null;
  reference: DriftReference;
}

/** Of the newest window's rows; see `drift.label_delay`. */
interface LabelFacts {
  known: number;
  late: number;
  missing: number;
  duplicated: number;
  /** Why no labels were looked for; null when they were. */
  problem: string | null;
}

/** One window in a few numbers. */
export interface DriftPoint extends Span {
  outcome: DriftResult["outcome"];
  rows: number;
  /** The prediction column that moved most for its limit; null when there is none to compare. */
  prediction: { column: string; distance: number; limit: number } | null;
  /** Weights of the drifting features, against `drift.share`. */
  share: number;
  /** The primary metric on the rows whose outcome is known. */
  metric: Pick<MetricLevel, "metric" | "value" | "low" | "high" | "rows"> | null;
}

/** What the version was trained on and how it did on its test split. */
interface DriftReference {
  /** Of the train and test split together; null when the query has no window. */
  window: { start: string; end: string } | null;
  rows: number;
  metric: MetricLevel | null;
}

/** A model that could not be checked: the fourth outcome. */
export interface FailedDrift {
  model: string;
  outcome: "error";
  error: {
    kind: "user" | "environment" | "bug";
    message: string;
    /** How to mend it, or what was tried and what is safe. */
    hint: string | null;
  };
}

/** One model's entry of a drift run. */
export type DriftEntry = ModelDrift | FailedDrift;
