import type { Json } from "../../config/canonical-json.ts";

/** Params by name. */
export type Params = Readonly<Record<string, Json>>;

/** One training of one trial: complete params, and how many rows it may learn from; null for all that are not kept for validation. */
export interface TrialJob {
  params: Params;
  rows: number | null;
}

/** How it went: null when it could not be trained or scored, with the reason. */
export interface TrialScore {
  score: number | null;
  problem?: string;
}

/** A finished training. */
export interface TrialResult extends TrialScore {
  seconds: number;
}

/** One trial as the record keeps it, in the order in which they were drawn. */
export interface TrialRecord {
  /** What the search chose; all other params are those of model.yaml. */
  params: Params;
  /** By the search's metric on the validation rows, in the last round the trial was in. */
  score: number | null;
  problem?: string;
  /** Of all its rounds. */
  seconds: number;
  /** Halving only: what the last round it was in gave it, e.g. trees. */
  budget?: number;
  /** Set on the one trial whose params the model has. */
  winner?: true;
}
