import { formatNumber } from "../../statistics/format-number.ts";
import type { Facts } from "../page/facts.ts";
import { figure } from "../page/figure.ts";
import type { Html } from "../page/html.ts";
import { colours, type Plots } from "../page/plots.ts";
import { factTable } from "../page/table.ts";

/** What a version scored when it was registered, on its own test rows. */
export interface ScoredVersion {
  version: number;
  metric: string;
  value: number | null;
  /** ISO time. */
  registered: string;
  in_production: boolean;
}

/** The primary metric over the versions; `facts` are of the list. null with fewer than two of one metric. */
export function historyFigure(plots: Plots, facts: Facts, versions: readonly ScoredVersion[]): Html | null {
  const metric = versions.at(-1)?.metric;
  const points = versions.flatMap((each, at) =>
    each.metric === metric && each.value !== null ? [{ ...each, value: each.value, at }] : [],
  );
  if (metric === undefined || points.length < 2) return null;
  const { Plot } = plots;
  const now = points.filter(({ in_production }) => in_production);
  const picture = plots.draw(
    `${metric} by version, from ${formatNumber(points[0]!.value)} to ${formatNumber(points.at(-1)!.value)}`,
    {
      height: 220,
      x: {
        label: "version",
        ticks: Math.min(8, points.length),
        tickFormat: (value: number) => (Number.isInteger(value) ? `v${value}` : ""),
      },
      y: { label: metric, ticks: 5, nice: true, grid: true },
      marks: [
        Plot.line(points, { x: "version", y: "value", stroke: colours.production }),
        Plot.dot(points, { x: "version", y: "value", fill: colours.production, r: 3 }),
        Plot.dot(now, { x: "version", y: "value", stroke: colours.ink, r: 7, strokeWidth: 2 }),
      ],
    },
    [points[0]!, points.at(-1)!].map(({ at }) => `${at}.value`),
  );
  const table = factTable<(typeof points)[number]>(
    "Versions",
    [
      { header: "version", cell: ({ at }) => facts.count(`${at}.version`), isName: true, isNumber: true },
      { header: metric, cell: ({ at }) => facts.number(`${at}.value`), isNumber: true },
      { header: "registered", cell: ({ at }) => facts.day(`${at}.registered`) },
      { header: "", cell: ({ in_production }) => (in_production ? "in production" : "") },
    ],
    points,
  );
  return figure({
    title: `${metric} over the versions`,
    picture,
    table,
    note: "Each on the test rows of its own time. Circle: in production.",
  });
}
