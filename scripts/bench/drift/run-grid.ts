import { markdownTable } from "markdown-table";
import { planIntervals } from "../../../pipelines/evaluation/compare-metric.ts";
import { xyChart } from "../../../pipelines/report/markdown/xychart.ts";
import { formatCount } from "../../../pipelines/statistics/format-number.ts";
import { seededRandom } from "../../../pipelines/statistics/random.ts";
import { compareSamples } from "../../../pipelines/watch/drift/evidently/compare-samples.ts";
import type { Sample } from "../../../pipelines/watch/drift/evidently/sample.ts";
import { tellSection } from "../page.ts";
import { drawScored, judgeCalibrated, profileOf, type SimulatedModel, samplesOf, simulatedModel } from "./simulate.ts";

export const referenceSizes = [500, 1001, 5000, 100_000] as const;
const windowSizes = [50, 100, 300, 1000, 10_000] as const;
export const columnCounts = [1, 5, 20] as const;

/** Drift is looked for in windows of at least so many rows. */
const fewestToDetect = 1000;

/** How often, of how many. */
export interface Rate {
  count: number;
  of: number;
}

/** What was found for one number of columns, reference size and window size. */
export interface GridCell {
  columns: number;
  reference: number;
  window: number;
  /** Models called drifting although nothing drifts: ours, Evidently's dataset drift, and any column of Evidently's. */
  alarms: Rate;
  evidently: Rate;
  evidentlyAny: Rate;
  /** Models called drifting when one important column drifts; by kind of the column too. */
  detected: Rate;
  evidentlyDetected: Rate;
  byKind: Map<string, Rate>;
}

interface GridOptions {
  /** Windows for each cell. */
  replicates: number;
  /** Of those, how many Evidently judges too: its exact test takes long. */
  compared: number;
}

/** Simulates one row of the grid: all windows against references of one size. */
export function runRow(columns: number, reference: number, { replicates, compared }: GridOptions): GridCell[] {
  const cells = windowSizes.map((window) => emptyCell(columns, reference, window));
  // Drawing for the bootstrap anew each time would take longer than all else.
  const plan = planIntervals(reference, 0, 0.95, 7);
  // Large references are much the same, and take long to draw.
  const windowsEach = reference >= 100_000 ? 20 : 1;
  for (let draw = 0; draw * windowsEach < replicates; draw++) {
    const random = seededRandom(draw * 1_000_003 + reference * 31 + columns, 17);
    const model = simulatedModel(columns, draw);
    const before = drawScored(model, reference, random, null);
    const profile = profileOf(model, before, plan);
    const samples = draw * windowsEach < compared ? samplesOf(model, before) : [];
    for (let each = 0; each < windowsEach; each++) {
      const at = draw * windowsEach + each;
      const shifted = importantColumn(model, at);
      for (const cell of cells) {
        const same = drawScored(model, cell.window, random, null);
        tally(cell.alarms, judgeCalibrated(profile, same, plan).outcome === "drift");
        if (at < compared) tallyEvidently(cell.evidently, cell.evidentlyAny, samples, samplesOf(model, same));
        if (cell.window < fewestToDetect) continue;
        const moved = drawScored(model, cell.window, random, shifted);
        const found = judgeCalibrated(profile, moved, null).outcome === "drift";
        tally(cell.detected, found);
        tally(rateOf(cell.byKind, model.columns[shifted]!.name), found);
        if (at < compared) tallyEvidently(cell.evidentlyDetected, null, samples, samplesOf(model, moved));
      }
    }
  }
  return cells;
}

function emptyCell(columns: number, reference: number, window: number): GridCell {
  const none = () => ({ count: 0, of: 0 });
  const rates = {
    alarms: none(),
    evidently: none(),
    evidentlyAny: none(),
    detected: none(),
    evidentlyDetected: none(),
  };
  return { columns, reference, window, ...rates, byKind: new Map() };
}

/** Each of the columns that matter at least 0.3 as much as the most important one, in turn. */
function importantColumn({ importance }: SimulatedModel, at: number): number {
  const important = importance.filter((share) => share >= 0.3 * importance[0]!).length;
  return Math.floor(at / 10) % important;
}

function tallyEvidently(dataset: Rate, any: Rate | null, before: readonly Sample[], now: readonly Sample[]): void {
  const drifts = before.map((sample, at) => compareSamples(sample, now[at]!)?.drifts ?? false);
  tally(dataset, drifts.filter(Boolean).length >= drifts.length / 2);
  if (any) tally(any, drifts.includes(true));
}

function tally(rate: Rate, happened: boolean): void {
  rate.of += 1;
  if (happened) rate.count += 1;
}

function rateOf(rates: Map<string, Rate>, name: string): Rate {
  const rate = rates.get(name) ?? { count: 0, of: 0 };
  rates.set(name, rate);
  return rate;
}

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
