import type { DriftResult } from "./drift-result.ts";
import type { DriftPoint, Span } from "./model-drift.ts";

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
