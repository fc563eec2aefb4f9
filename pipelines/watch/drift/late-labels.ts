import type { DriftWindow } from "../window/drift-window.ts";
import type { DriftResult, PerformanceDrift } from "./drift-result.ts";
import type { Span } from "./model-drift.ts";

/** What is needed of a window's check to judge its labels. */
export interface LabelledCheck {
  result: DriftResult;
  labels: DriftWindow["labels"];
  /** The earlier window that labels and performance are of; null for the window itself. */
  labelled: Span | null;
}

/** How much of the newest window's labels has arrived, of how much is needed to judge a metric. Plain JSON. */
export interface AwaitedLabels {
  share: number;
  /** `drift.label_share`. */
  needed: number;
}

/** The share of a window's rows, older than `drift.label_delay`, whose label has arrived; null without such rows or without labels at all. */
export function arrivedShare({ known, missing, duplicated, problem }: DriftWindow["labels"]): number | null {
  const due = known + missing + duplicated;
  return problem !== null || due === 0 ? null : known / due;
}

/**
 * Labels that come first are often of another kind than those that follow (a fraud is told at once, its absence after months),
 * so that a metric of the first ones says nothing. Each window is given the performance of the window so many windows before it
 * as it takes until `needed` of the labels have arrived. Each of the checks, newest first and null for one that failed, belongs
 * to the span at its place. Every window's performance counts for one window, as if `drift.label_delay` had been as long.
 */
export function judgeLateLabels<Check extends LabelledCheck>(
  checks: readonly (Check | null)[],
  spans: readonly Span[],
  needed: number,
): { checks: (Check | null)[]; awaited: AwaitedLabels | null } {
  const complete = checks.map((check) => (check ? isComplete(check, needed) : false));
  const lag = Math.max(0, complete.indexOf(true));
  const judged = checks.map((check, at): Check | null => {
    const [other, span] = [checks[at + lag], spans[at + lag]];
    if (!check) return null;
    if (lag > 0 && other && span && complete[at + lag]) return borrowing(check, other, span);
    return complete[at] && lag === 0 ? check : waiting(check);
  });
  const share = checks[0] ? arrivedShare(checks[0].labels) : null;
  const late = share !== null && !complete[0] && (share > 0 || lag > 0);
  return { checks: judged, awaited: late ? { share, needed } : null };
}

/** Without any labels that could come there is nothing to wait for. */
function isComplete({ labels, result }: LabelledCheck, needed: number): boolean {
  const share = arrivedShare(labels);
  if (share === null) return result.rows.current > 0 && labels.late === 0;
  return share >= needed;
}

function borrowing<Check extends LabelledCheck>(check: Check, other: Check, span: Span): Check {
  const { labels, labelled, result } = other;
  return { ...check, labels, labelled: labelled ?? span, result: withPerformance(check.result, result.performance) };
}

function waiting<Check extends LabelledCheck>(check: Check): Check {
  const { performance } = check.result;
  if (!performance?.current || arrivedShare(check.labels) === null) return check;
  return { ...check, result: withPerformance(check.result, { ...performance, verdict: "too few labels" }) };
}

function withPerformance(result: DriftResult, performance: PerformanceDrift | null): DriftResult {
  const others = result.because.filter((reason) => reason !== "performance");
  if (result.outcome === "too few rows") return { ...result, performance };
  const because: DriftResult["because"] = performance?.verdict === "drift" ? [...others, "performance"] : others;
  return { ...result, performance, because, outcome: because.length > 0 ? "drift" : "clean" };
}
