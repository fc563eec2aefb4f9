import { planIntervals } from "../../../pipelines/evaluation/compare-metric.ts";
import { seededRandom } from "../../../pipelines/statistics/random.ts";
import { compareSamples } from "../../../pipelines/watch/drift/evidently/compare-samples.ts";
import type { Sample } from "../../../pipelines/watch/drift/evidently/sample.ts";
import { drawScored, judgeCalibrated, profileOf, type SimulatedModel, samplesOf, simulatedModel } from "./simulate.ts";

export const referenceSizes = [500, 1001, 5000, 100_000] as const;
export const windowSizes = [50, 100, 300, 1000, 10_000] as const;
export const columnCounts = [1, 5, 20] as const;

/** Drift is looked for in windows of at least so many rows. */
export const fewestToDetect = 1000;

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
