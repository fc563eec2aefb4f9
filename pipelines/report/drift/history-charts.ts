import type { DriftPoint, ModelDrift } from "../../watch/drift/model-drift.ts";
import { xyChart } from "../markdown/xychart.ts";

/** Prediction distance and metric by window, each beside its limit, oldest first. Empty for fewer than two windows. */
export function historyCharts({ history, reference }: ModelDrift): string[] {
  const points = history.toReversed();
  return [predictionChart(points), metricChart(points, reference.metric?.value ?? null)].flatMap((each) => each ?? []);
}

function predictionChart(points: readonly DriftPoint[]): string | null {
  const known = points.filter(({ prediction }) => prediction !== null);
  if (known.length < 2) return null;
  const distances = known.map(({ prediction }) => prediction!);
  const [first] = distances;
  const alike = distances.every(({ column, limit }) => column === first!.column && limit === first!.limit);
  // Distances of different columns have different limits, so that only their multiples compare.
  const value = ({ distance, limit }: { distance: number; limit: number }) => (alike ? distance : distance / limit);
  return xyChart({
    title: alike ? `Distance of ${first!.column} by window` : "Distance of the predictions by window, times the limit",
    labels: known.map(windowLabel),
    valueAxis: alike ? "distance" : "times the limit",
    series: [
      { kind: "line", name: "distance", values: distances.map(value) },
      { kind: "line", name: "limit", values: distances.map(({ limit }) => (alike ? limit : 1)) },
    ],
  });
}

function metricChart(points: readonly DriftPoint[], atDeploy: number | null): string | null {
  const known = points.filter(({ metric }) => metric !== null);
  if (known.length < 2) return null;
  const { metric } = known[0]!.metric!;
  return xyChart({
    title: atDeploy === null ? `${metric} by window` : `${metric} by window, and at deploy`,
    labels: known.map(windowLabel),
    valueAxis: metric,
    series: [
      { kind: "line", name: metric, values: known.map((point) => point.metric!.value) },
      ...(atDeploy === null ? [] : [{ kind: "line" as const, name: "at deploy", values: known.map(() => atDeploy) }]),
    ],
  });
}

/** The day on which the window begins, with the time when that is not midnight. */
function windowLabel({ from }: DriftPoint): string {
  return from.slice(11, 16) === "00:00" ? from.slice(5, 10) : from.slice(5, 16).replace("T", " ");
}
