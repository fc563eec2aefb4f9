import { markdownTable } from "markdown-table";
import { xyChart } from "../../../pipelines/report/markdown/xychart.ts";
import { formatCount } from "../../../pipelines/statistics/format-number.ts";
import { tellSection } from "../page.ts";
import { fewestToDetect, type GridCell, type Rate, windowSizes } from "./run-grid.ts";

const page = "drift.md";

/** Shows the grid as tables and a chart. */
export function tellGrid(cells: readonly GridCell[], replicates: number): void {
  tellSection("False alarms, measured", falseAlarms(cells, replicates), page);
  tellSection("Detection, measured", detection(cells), page);
}

function falseAlarms(cells: readonly GridCell[], replicates: number): string {
  const worst = cells.reduce((most, cell) => (share(cell.alarms) > share(most.alarms) ? cell : most));
  const theirs = cells.reduce((most, cell) => (share(cell.evidentlyAny) > share(most.evidentlyAny) ? cell : most));
  return [
    "`npm run bench:drift -- --write`. Models called drifting although nothing drifts, features, prediction and labelled performance together, before `drift.persist` and without `drift.min_rows`.",
    `Each cell is ${formatCount(replicates)} windows, so that a true 5% shows as ${range(0.05, replicates)}. The highest is ${percent(worst.alarms)} (${about(worst)}).`,
    byWindow(cells, ({ alarms }) => percent(alarms)),
    "Evidently's defaults on the first 40 of the same windows: dataset drift (half of the columns, with the prediction) / any column.",
    byWindow(cells, ({ evidently, evidentlyAny }) => `${percent(evidently, 0)} / ${percent(evidentlyAny, 0)}`),
    chartOf(cells),
    `Evidently's highest are ${percent(cells.reduce((most, cell) => (share(cell.evidently) > share(most.evidently) ? cell : most)).evidently, 0)} by dataset and ${percent(theirs.evidentlyAny, 0)} by column.`,
  ].join("\n\n");
}

/** The worst reference size for each window size, of models with five columns. */
function chartOf(cells: readonly GridCell[]): string {
  const five = cells.filter(({ columns }) => columns === 5);
  const worst = (rate: (cell: GridCell) => Rate) =>
    windowSizes.map((window) =>
      Math.max(...five.filter((cell) => cell.window === window).map((cell) => 100 * share(rate(cell)))),
    );
  const chart = xyChart({
    title: "False alarms with 5 columns, the worst reference size (%): calibrated, Evidently by any column, 5%",
    labels: windowSizes.map((window) => `${formatCount(window)} rows`),
    valueAxis: "models called drifting, %",
    series: [
      { kind: "bar", name: "Evidently by any column", values: worst(({ evidentlyAny }) => evidentlyAny) },
      { kind: "bar", name: "calibrated", values: worst(({ alarms }) => alarms) },
      { kind: "line", name: "5%", values: windowSizes.map(() => 5) },
    ],
  });
  return chart ?? "";
}

function detection(cells: readonly GridCell[]): string {
  const judged = cells.filter(({ window }) => window >= fewestToDetect);
  const least = judged.reduce((low, cell) => (share(cell.detected) < share(low.detected) ? cell : low));
  return [
    "Models called drifting when one important column drifts, by 0.3 standard deviations or 10 points of category share, without labels. In brackets Evidently's dataset drift, in the first 40.",
    `The lowest is ${percent(least.detected)} (${about(least)}).`,
    byWindow(judged, ({ detected, evidentlyDetected }) => `${percent(detected)} (${percent(evidentlyDetected, 0)})`),
    `By kind of the drifting column, windows of ${formatCount(fewestToDetect)} rows, all numbers of columns:`,
    byKind(judged.filter(({ window }) => window === fewestToDetect)),
  ].join("\n\n");
}

function byKind(cells: readonly GridCell[]): string {
  const sizes = [...new Set(cells.map(({ reference }) => reference))];
  const kinds = [...new Set(cells.flatMap(({ byKind: rates }) => [...rates.keys()]))].sort();
  const total = (kind: string, reference: number): Rate =>
    cells
      .filter((cell) => cell.reference === reference)
      .reduce((sum, cell) => add(sum, cell.byKind.get(kind)), { count: 0, of: 0 });
  const header = ["drifting column", ...sizes.map((size) => `reference of ${formatCount(size)}`)];
  const rows = kinds.map((kind) => [kind, ...sizes.map((size) => percent(total(kind, size)))]);
  return markdownTable([header, ...rows], { align: ["l", ...sizes.map(() => "r" as const)] });
}

function add(sum: Rate, rate: Rate | undefined): Rate {
  return rate ? { count: sum.count + rate.count, of: sum.of + rate.of } : sum;
}

function byWindow(cells: readonly GridCell[], text: (cell: GridCell) => string): string {
  const windows = [...new Set(cells.map(({ window }) => window))];
  const rows = [...new Set(cells.map(({ columns, reference }) => `${columns}/${reference}`))].map((row) => {
    const found = cells.filter(({ columns, reference }) => `${columns}/${reference}` === row);
    const [first] = found;
    return [String(first!.columns), formatCount(first!.reference), ...found.map(text)];
  });
  const header = ["columns", "reference", ...windows.map((window) => `window of ${formatCount(window)}`)];
  return markdownTable([header, ...rows], { align: header.map(() => "r") });
}

function about({ columns, reference, window }: GridCell): string {
  return `${columns === 1 ? "1 column" : `${columns} columns`}, reference of ${formatCount(reference)}, window of ${formatCount(window)}`;
}

function share({ count, of }: Rate): number {
  return of === 0 ? 0 : count / of;
}

function percent(rate: Rate, digits = 1): string {
  return `${(100 * share(rate)).toFixed(digits)}%`;
}

/** Two standard errors around a share. */
function range(expected: number, of: number): string {
  const error = 2 * Math.sqrt((expected * (1 - expected)) / of);
  return `${(100 * (expected - error)).toFixed(1)}–${(100 * (expected + error)).toFixed(1)}%`;
}
