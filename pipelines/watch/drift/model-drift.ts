import { driftSeverity } from "../notice/severity.ts";
import type { MetricLevel } from "../profile/profile.ts";
import type { TimeSpan } from "../profile/reference-times.ts";
import type { RollbackJudgement } from "../promotion/decide-rollback.ts";
import type { WrittenWindow } from "../retrain/retrain-window.ts";
import type { DriftWindow } from "../window/drift-window.ts";
import type { DriftResult } from "./drift-result.ts";
import type { AwaitedLabels } from "./late-labels.ts";
import type { Silence } from "./silence.ts";

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
  /** The newest whole window before now. It is not read when it overlaps `reference.known`. */
  window: Span;
  /** `drift.window`, such as `7d`, and `drift.persist`, such as `2 of 3`. */
  every: string;
  persist: string;
  /** Where the window's rows came from: `drift.query`, the prediction log, or the feature query. */
  source: DriftWindow["source"];
  /** Of the newest window. `silent`: it has no rows, and there used to be rows. */
  outcome: DriftResult["outcome"] | "silent";
  /** Since when there are no rows; null unless the outcome is `silent`. Entries of an earlier mergeml lack it. */
  silence: Silence | null;
  /** Over the last windows together, see `persistentOutcome`. */
  persistent: "drift" | "clean" | "undecided";
  /** Of the newest window. */
  result: DriftResult;
  /** Of the newest window, as are the rows with a value that cannot be converted, which are left out. */
  labels: DriftWindow["labels"];
  rejected: number;
  /** The earlier window that labels and performance are of, because labels take a window or longer to arrive; else null. */
  labelled: Span | null;
  /** How much of the newest window's labels has arrived while that is too little to judge it; absent when it is enough. */
  awaited?: AwaitedLabels | null;
  /** Of the newest window, when it was read from the prediction log. */
  log: DriftWindow["log"];
  /** The last windows that have rows, newest first, eight at most. The newest window is the first of them, unless it is empty. */
  history: readonly DriftPoint[];
  /** Earlier windows whose rows cannot be used, newest first; `history` lacks them. */
  unread: readonly UnreadWindow[];
  /** Start of the first of the drifting windows in a row, up to the newest that says something; null when that one is clean. */
  since: string | null;
  /** What a retrain pull request would write to answer the newest window; null unless that drifts. */
  retrain: RetrainAdvice | null;
  reference: DriftReference;
  /** What the newest window says of the promotion; null when `rollback.when` asks for nothing. */
  rollback: RollbackJudgement | null;
}

/**
 * What a retrain pull request would write into model.yaml, or why it would write nothing. `windowless`: the config has no
 * window, so that the query says what is new; `gone`: there is no model.yaml.
 */
export type RetrainAdvice =
  | { kind: "move"; window: WrittenWindow; trial?: RetrainTrial | null }
  | { kind: "stay"; why: string }
  | { kind: "windowless" }
  | { kind: "gone" };

/** What a trial of the retrain gave: the primary metric of both on the rows that neither was trained on. */
export interface RetrainTrial {
  metric: string;
  rows: number;
  production: number;
  candidate: number;
  /** Interval of candidate − production. */
  low: number;
  high: number;
  better: boolean;
}

export interface UnreadWindow extends Span {
  reason: string;
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
  /** `features.window` of the version: of the train and test split together; null when the query has no window. */
  window: WrittenWindow | null;
  /** Of the train split, which the features are compared with. */
  rows: number;
  /** The train split's first and last time; null without `features.time`, and for versions of an earlier mergeml. */
  times: TimeSpan | null;
  /** Rows of the test split, which the predictions and the metric are compared with. */
  tested: number;
  /** When the rows of both splits happened; null when that is not known. */
  known: Span | null;
  metric: MetricLevel | null;
}

/** A model that could not be checked: the fourth outcome. */
export interface FailedDrift {
  model: string;
  outcome: "error";
  error: {
    /** `unwatched`: the model has no source of rows, which is only wrong when somebody asks for it. */
    kind: "user" | "environment" | "bug" | "unwatched";
    message: string;
    /** How to mend it; what was tried and what is safe; of a bug, its stack. */
    hint: string | null;
  };
}

/** One model's entry of a drift run. */
export type DriftEntry = ModelDrift | FailedDrift;

/** How much a model asks for attention: drift that lasts, what could not be checked, a feed that stopped, drift of one window, too few rows, clean. */
function rank(entry: DriftEntry): number {
  if (entry.outcome === "error") return 1;
  if (entry.outcome === "drift") return entry.persistent === "drift" ? 0 : 3;
  if (entry.outcome === "silent") return 2;
  return entry.outcome === "too few rows" ? 4 : 5;
}

function severity(entry: DriftEntry): number {
  return entry.outcome === "error" ? 0 : driftSeverity(entry.result);
}

/** Entries of a run, those first that ask for attention; of equal ones the most severe, then by name. */
export function worstDriftFirst(entries: readonly DriftEntry[]): DriftEntry[] {
  return entries.toSorted(
    (a, b) => rank(a) - rank(b) || severity(b) - severity(a) || (a.model < b.model ? -1 : a.model > b.model ? 1 : 0),
  );
}

/** A window's result in the few numbers that a history keeps. */
export function driftPoint({ from, to }: Span, result: DriftResult): DriftPoint {
  const { outcome, rows, share, performance } = result;
  return {
    ...{ from, to, outcome, rows: rows.current },
    prediction: worstPrediction(result),
    share: share.drifting,
    metric: performance?.current && performance.verdict !== "too few labels" ? levelOf(performance.current) : null,
  };
}

function worstPrediction({ predictions }: DriftResult): DriftPoint["prediction"] {
  const distances = predictions.flatMap(({ name, state, effects: [main] }) =>
    state === "compared" && main ? [{ column: name, distance: main.value, limit: main.limit }] : [],
  );
  const [first, ...others] = distances;
  if (!first) return null;
  return others.reduce((worst, each) => (timesLimit(each) > timesLimit(worst) ? each : worst), first);
}

function timesLimit({ distance, limit }: { distance: number; limit: number }): number {
  return limit > 0 ? distance / limit : 0;
}

function levelOf({ metric, value, low, high, rows }: NonNullable<DriftPoint["metric"]>): DriftPoint["metric"] {
  return { metric, value, low, high, rows };
}

/**
 * The drifting windows in a row, newest first, up to the newest that says something. Windows with too few rows say nothing
 * and are passed over. Empty when that one is clean.
 */
export function driftingInARow(history: readonly DriftPoint[]): DriftPoint[] {
  const telling = history.filter(({ outcome }) => outcome !== "too few rows");
  const clean = telling.findIndex(({ outcome }) => outcome === "clean");
  return clean < 0 ? telling : telling.slice(0, clean);
}
