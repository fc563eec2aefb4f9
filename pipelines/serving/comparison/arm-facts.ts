import type { Difference, Direction } from "../../evaluation/evaluation.ts";
import type { LabelledDifference } from "../serving-facts.ts";

/** Where something lies among its values: of predictions, or of milliseconds. */
export interface ValueSpread {
  mean: number;
  sd: number;
  p5: number;
  p50: number;
  p95: number;
  p99: number;
}

/** What the prediction log has of one version. Plain JSON. */
export interface ArmFacts {
  version: number;
  rows: number;
  /** Rows that it could not answer. */
  failed: number;
  /** Different keys; 0 when the log has none. */
  keys: number;
  latency: ValueSpread | null;
  /** Of a regression's predictions; null for classes, and when there are none. */
  predictions: ValueSpread | null;
  /** The share of each predicted class, the most frequent first; empty for a regression. */
  labels: readonly { label: string; share: number }[];
  /** Rows whose label has arrived. */
  labelled: number;
}

/** What the two said of the same rows, which only a shadow has. */
export interface Agreement {
  rows: number;
  /** Of a regression, challenger less production; null for classes. */
  mean_difference: number | null;
  mean_absolute_difference: number | null;
  /** The share of rows with the same class; null for a regression. */
  same_label: number | null;
}

/** One metric of both, challenger less production. */
export interface ComparedMetric {
  metric: string;
  direction: Direction;
  production: number | null;
  challenger: number | null;
  difference: Difference | null;
  problem?: string;
}

/** What is known of a challenger. `better` and `worse` are beyond noise by the primary metric. */
export type ChallengerOutcome = "better" | "worse" | "undecided" | "too few labels" | "no labels";

/** Challenger and production on live data. Plain JSON. */
export interface ChallengerComparison {
  model: string;
  mode: "shadow" | "split";
  share: number | null;
  /** ISO, UTC: since when it is tried, and until when rows count. */
  since: string;
  until: string;
  by: string;
  production: ArmFacts;
  challenger: ArmFacts;
  agreement: Agreement | null;
  /** On the same rows, or each on its own. */
  paired: boolean;
  /** Rows that were judged: of both; of a paired comparison each has all of them. */
  judged: { production: number; challenger: number };
  /** The primary metric first; empty without enough labels. */
  metrics: readonly ComparedMetric[];
  outcome: ChallengerOutcome;
  /** Labelled rows, of each version, that it would take to tell, if the difference stays what it is; null when it is told already or nobody can say. */
  needed: number | null;
  /** Why no labels were looked for; null when they were. */
  label_problem: string | null;
  /** What is odd about the trial itself, in sentences. */
  notes: readonly string[];
}

/** The difference as the status page shows it; null until there is one. */
export function shownDifference({ metrics: [primary], judged }: ChallengerComparison): LabelledDifference | null {
  if (!primary?.difference) return null;
  const { value, low, high } = primary.difference;
  return {
    metric: primary.metric,
    direction: primary.direction,
    difference: value,
    low,
    high,
    rows: judged.challenger,
  };
}
