import { fallingOrder, type ScoredRegression } from "../scored.ts";
import { predictionDeciles, type Side, type Sides } from "../sides.ts";
import {
  type Axis,
  axisOver,
  binOf,
  type Calibration,
  type Pictures,
  type RegressionPictures,
  type RegressionSide,
  rowsByPart,
  seriesOf,
} from "./pictures.ts";

const valueBins = 20;
const residualBins = 25;
/** Of the values on either side: a single outlier does not squeeze all others into one cell. */
const outside = 0.005;

/** What a regression's report draws; null when the candidate could not be scored. */
export function regressionPictures({ candidate, production }: Sides<ScoredRegression>): RegressionPictures | null {
  if (!("scored" in candidate) || candidate.scored.rows === 0) return null;
  const scored = [candidate.scored, ...(production && "scored" in production ? [production.scored] : [])];
  const values = axisOver(
    sortedOf([candidate.scored.actual, ...scored.map(({ predicted }) => predicted)]),
    valueBins,
    outside,
  );
  const residuals = axisOver(sortedOf(scored.map(residualsOf)), residualBins, outside);
  return {
    values,
    residuals,
    candidate: sideOf(candidate.scored, values, residuals),
    production: production && ifScored(production, (each) => sideOf(each, values, residuals)),
  };
}

function ifScored<Scored, T>(side: Side<Scored>, draw: (scored: Scored) => T): T | null {
  return "scored" in side ? draw(side.scored) : null;
}

function sideOf(scored: ScoredRegression, values: Axis, residuals: Axis): RegressionSide {
  const rest = residualsOf(scored);
  return {
    density: cellsOf(values, scored.actual, values, scored.predicted),
    residuals: seriesOf(rowsByPart(residuals, rest)),
    spread: cellsOf(residuals, rest, values, scored.predicted),
    calibration: calibrationOf(scored),
  };
}

function residualsOf({ actual, predicted }: ScoredRegression): Float64Array {
  return actual.map((value, row) => value - predicted[row]!);
}

function sortedOf(all: readonly Float64Array[]): Float64Array {
  const values = new Float64Array(all.reduce((sum, { length }) => sum + length, 0));
  let start = 0;
  for (const each of all) {
    values.set(each, start);
    start += each.length;
  }
  return values.sort();
}

/** A series of rows by `across` for each part of `up`. */
function cellsOf(up: Axis, ups: Float64Array, across: Axis, acrosses: Float64Array): string[] {
  const cells = Array.from({ length: up.bins }, () => new Float64Array(across.bins));
  for (let row = 0; row < ups.length; row++) cells[binOf(up, ups[row]!)]![binOf(across, acrosses[row]!)]! += 1;
  return cells.map(seriesOf);
}

/** The deciles of the prediction, with the normal interval of the mean of what happened. */
function calibrationOf(scored: ScoredRegression): Calibration {
  const deciles = predictionDeciles(scored);
  const reach = reachOfMeans(
    scored,
    deciles.map(({ rows }) => rows),
  );
  return {
    rows: seriesOf(deciles.map(({ rows }) => rows)),
    predicted: seriesOf(deciles.map(({ predicted }) => predicted)),
    actual: seriesOf(deciles.map(({ actual }) => actual)),
    low: seriesOf(deciles.map(({ actual }, at) => actual - reach[at]!)),
    high: seriesOf(deciles.map(({ actual }, at) => actual + reach[at]!)),
  };
}

/** Half the 95% interval of the mean of the actual values of each group of rows, in the order of their predictions. */
function reachOfMeans({ actual, predicted }: ScoredRegression, sizes: readonly number[]): number[] {
  const order = fallingOrder(predicted).reverse();
  let start = 0;
  return sizes.map((size) => {
    const group = Float64Array.from(order.subarray(start, start + size), (row) => actual[row]!);
    start += size;
    const mean = group.reduce((sum, value) => sum + value, 0) / size;
    const squares = group.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    return size < 2 ? 0 : 1.96 * Math.sqrt(squares / (size - 1) / size);
  });
}

const bins = 40;

/** How the resampled differences of a metric are spread; null when none is defined. */
export function resampleHistogram(
  metric: string,
  differences: Float64Array,
): NonNullable<Pictures["resampled"]> | null {
  const defined = differences.filter(Number.isFinite).sort();
  if (defined.length === 0) return null;
  const axis = axisOver(defined, bins);
  return { metric, replicates: defined.length, axis, counts: seriesOf(rowsByPart(axis, defined)) };
}
