import { formatPercent } from "../../statistics/format-number.ts";
import type { ColumnDrift } from "../../watch/drift/drift-result.ts";
import type { DriftPoint, ModelDrift } from "../../watch/drift/model-drift.ts";
import type { Facts } from "../page/facts.ts";
import { factTable, type Html } from "../page/html.ts";
import { axisLabel, colours, figure, type Plots, shortLabel } from "../page/plots.ts";

const mostDrawn = 20;

/** How far each column moved, as a multiple of the limit from which it matters. */
export function distanceFigure({ Plot, draw }: Plots, columns: readonly ColumnDrift[]): Html | null {
  const dots = columns.slice(0, mostDrawn).flatMap(({ name, effects, verdict }, at) => {
    const [effect] = effects;
    return effect && effect.limit > 0 && effect.name !== "p-value"
      ? [{ name: axisLabel(name, at, 18), times: effect.value / effect.limit, drifts: verdict === "drift" }]
      : [];
  });
  if (dots.length === 0) return null;
  const drifting = dots.filter(({ drifts }) => drifts).length;
  const picture = draw(`Distance of each column as a multiple of its limit: ${drifting} of ${dots.length} drift`, {
    height: 62 + 19 * dots.length,
    marginLeft: 140,
    x: { label: "distance, times its limit", ticks: 5, grid: true, nice: true },
    y: { label: null, domain: dots.map(({ name }) => name), type: "point" },
    symbol: { type: "identity" },
    marks: [
      Plot.ruleX([1], { stroke: colours.ink, strokeDasharray: "4,3" }),
      Plot.ruleY(dots, { y: "name", x1: 0, x2: "times", stroke: colours.soft }),
      Plot.dot(dots, {
        x: "times",
        y: "name",
        r: 5,
        fill: ({ drifts }: (typeof dots)[number]) => (drifts ? colours.candidate : colours.production),
        symbol: ({ drifts }: (typeof dots)[number]) => (drifts ? "diamond" : "circle"),
      }),
    ],
  });
  return figure({
    title: "What moved",
    picture,
    note: "Dashed: the limit. Orange diamonds drift: beyond it, and not by chance; blue circles do not.",
  });
}

/** A column of the reference beside the window's; `path` is the column's place in the record. */
export function shapeFigure({ Plot, draw }: Plots, facts: Facts, column: ColumnDrift, path: string): Html | null {
  const bars = column.shape.map((bar, at) => ({ ...bar, name: axisLabel(bar.label, at, 15), at }));
  if (bars.length === 0) return null;
  const picture = draw(`${shortLabel(column.name)}: share of the rows, reference against window`, {
    height: 62 + 20 * bars.length,
    marginLeft: 130,
    x: { label: "share of rows", tickFormat: (value: number) => formatPercent(value, 2), ticks: 4 },
    y: { label: null, domain: bars.map(({ name }) => name) },
    marks: [
      Plot.barX(bars, { y: "name", x: "reference", fill: colours.naive, fillOpacity: 0.5, inset: 1 }),
      Plot.tickX(bars, { y: "name", x: "current", stroke: colours.candidate, strokeWidth: 3 }),
    ],
  });
  const table = factTable<(typeof bars)[number]>(
    column.name,
    [
      { header: "values", cell: ({ at }) => facts.text(`${path}.shape.${at}.label`, 80), isName: true },
      { header: "reference", cell: ({ at }) => facts.percent(`${path}.shape.${at}.reference`), isNumber: true },
      { header: "window", cell: ({ at }) => facts.percent(`${path}.shape.${at}.current`), isNumber: true },
    ],
    bars,
  );
  const sign = column.verdict === "drift" ? "▲ drifts" : "● stable";
  return figure({
    title: `${shortLabel(column.name, 30)}: ${sign}`,
    picture,
    table,
    note: "Bars: reference. Lines: window.",
  });
}

/** Distance of the predictions over the windows, as a multiple of its limit. */
export function predictionHistory({ Plot, draw }: Plots, facts: Facts, { history }: ModelDrift): Html | null {
  const points = pointsOf(history, ({ prediction }) => prediction && prediction.distance / prediction.limit);
  if (points.length < 2) return null;
  const picture = draw("Distance of the predictions by window, as a multiple of its limit", {
    x: timeAxis(points.length),
    y: { label: "times the limit", ticks: 5, zero: true, grid: true },
    marks: [
      Plot.ruleY([1], { stroke: colours.ink, strokeDasharray: "4,3" }),
      Plot.line(points, { x: "time", y: "value", stroke: colours.candidate }),
      Plot.dot(points, { x: "time", y: "value", fill: colours.candidate, r: 4 }),
    ],
  });
  const table = windowTable(facts, "Distance of the predictions", points, [
    { header: "distance", path: "prediction.distance" },
    { header: "limit", path: "prediction.limit" },
  ]);
  return figure({ title: "Predictions over the windows", picture, table, note: "Dashed: the limit." });
}

/** The metric of each window with its interval, and the level at deploy. */
export function metricHistory({ Plot, draw }: Plots, facts: Facts, { history, reference }: ModelDrift): Html | null {
  const points = pointsOf(history, ({ metric }) => metric?.value ?? null);
  const metric = points[0]?.point.metric?.metric;
  if (points.length < 2 || metric === undefined) return null;
  const picture = draw(`${metric} by window with its interval`, {
    x: timeAxis(points.length),
    y: { label: metric, ticks: 5, nice: true, grid: true },
    marks: [
      ...(reference.metric
        ? [Plot.ruleY([reference.metric.value], { stroke: colours.ink, strokeDasharray: "4,3" })]
        : []),
      Plot.ruleX(points, {
        x: "time",
        y1: ({ point }: Shown) => point.metric!.low,
        y2: ({ point }: Shown) => point.metric!.high,
        stroke: colours.production,
        strokeWidth: 2,
      }),
      Plot.line(points, { x: "time", y: "value", stroke: colours.production }),
      Plot.dot(points, { x: "time", y: "value", fill: colours.production, r: 4 }),
    ],
  });
  const table = windowTable(
    facts,
    metric,
    points,
    ["value", "low", "high"].map((each) => ({ header: each === "value" ? metric : each, path: `metric.${each}` })),
  );
  return figure({
    title: `${metric} over the windows`,
    picture,
    table,
    note: reference.metric ? "Bars: intervals. Dashed: at deploy." : "Bars: intervals.",
  });
}

interface Shown {
  time: Date;
  value: number;
  /** In the record, where the newest is first. */
  at: number;
  point: DriftPoint;
}

function pointsOf(history: readonly DriftPoint[], value: (point: DriftPoint) => number | null): Shown[] {
  return history
    .flatMap((point, at) => {
      const [time, found] = [new Date(point.from), value(point)];
      return found === null || !Number.isFinite(found) || Number.isNaN(time.getTime())
        ? []
        : [{ time, value: found, at, point }];
    })
    .toReversed();
}

function timeAxis(points: number) {
  return { label: "window from", type: "utc", ticks: Math.min(5, points) } as const;
}

function windowTable(
  facts: Facts,
  label: string,
  points: readonly Shown[],
  numbers: readonly { header: string; path: string }[],
): Html {
  return factTable<Shown>(
    label,
    [
      { header: "window from", cell: ({ at }) => facts.day(`history.${at}.from`), isName: true },
      { header: "rows", cell: ({ at }) => facts.count(`history.${at}.rows`), isNumber: true },
      ...numbers.map(({ header, path }) => ({
        header,
        cell: ({ at }: Shown) => facts.number(`history.${at}.${path}`),
        isNumber: true,
      })),
    ],
    points,
  );
}
