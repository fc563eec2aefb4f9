import { calibrationBins } from "../prediction-bins.ts";
import { fallingOrder } from "../score-order.ts";
import type { ScoredClassification } from "../scored.ts";
import type { Sides } from "../sides.ts";
import {
  type Calibration,
  type ClassCurves,
  type ClassificationPictures,
  type ClassificationSide,
  seriesOf,
} from "./pictures.ts";

const mostClasses = 20;
const mostCurves = 4;
const curvePoints = 40;

/** What a classification's report draws; null when the candidate could not be scored. */
export function classificationPictures(sides: Sides<ScoredClassification>): ClassificationPictures | null {
  const { candidate, production } = sides;
  if (!("scored" in candidate) || candidate.scored.rows === 0) return null;
  const shown = mostFrequent(candidate.scored, mostClasses);
  const drawn = (scored: ScoredClassification): ClassificationSide => ({
    confusion: confusionOf(scored, shown),
    calibration: calibrationOf(scored),
    curves: curveClasses(candidate.scored).map((at) => curvesOf(scored, at)),
  });
  return {
    classes: shown.map((at) => candidate.scored.classes[at]!),
    candidate: drawn(candidate.scored),
    production: production && "scored" in production ? drawn(production.scored) : null,
  };
}

/** In the order of the classes. */
function mostFrequent({ actual, classes }: ScoredClassification, most: number): number[] {
  const counts = new Float64Array(classes.length);
  for (const each of actual) counts[each]! += 1;
  const all = Array.from(classes, (_, at) => at);
  return all
    .sort((a, b) => counts[b]! - counts[a]! || a - b)
    .slice(0, most)
    .sort((a, b) => a - b);
}

function curveClasses(scored: ScoredClassification): number[] {
  return scored.judged === 2 ? [1] : mostFrequent(scored, mostCurves);
}

function confusionOf({ actual, top }: ScoredClassification, shown: readonly number[]): string[] {
  const place = new Map(shown.map((each, at) => [each, at]));
  const cells = shown.map(() => new Float64Array(shown.length));
  for (let row = 0; row < actual.length; row++) {
    const [is, said] = [place.get(actual[row]!), place.get(top[row]!)];
    if (is !== undefined && said !== undefined) cells[is]![said]! += 1;
  }
  return cells.map(seriesOf);
}

/** Ten equal parts of the probability, with the Wilson interval of the share of hits (Wilson, JASA 1927). */
function calibrationOf(scored: ScoredClassification): Calibration {
  const bins = calibrationBins(scored);
  const intervals = bins.map(({ actual, rows }) => wilson(actual, rows));
  return {
    rows: seriesOf(bins.map(({ rows }) => rows)),
    predicted: seriesOf(bins.map(({ predicted }) => predicted)),
    actual: seriesOf(bins.map(({ actual }) => actual)),
    low: seriesOf(intervals.map(([low]) => low)),
    high: seriesOf(intervals.map(([, high]) => high)),
  };
}

const z = 1.959964;

function wilson(share: number, rows: number): [low: number, high: number] {
  const middle = (share + z ** 2 / (2 * rows)) / (1 + z ** 2 / rows);
  const reach = (z / (1 + z ** 2 / rows)) * Math.sqrt((share * (1 - share)) / rows + z ** 2 / (4 * rows ** 2));
  return [Math.max(0, middle - reach), Math.min(1, middle + reach)];
}

/** Rows are taken from the highest probability to the lowest; rows of the same probability come together. */
function curvesOf({ actual, classes, probabilities, rows }: ScoredClassification, of: number): ClassCurves {
  const scores = Float64Array.from({ length: rows }, (_, row) => probabilities[row * classes.length + of]!);
  const order = fallingOrder(scores);
  const positives = actual.reduce((sum, each) => sum + Number(each === of), 0);
  const points: Point[] = [{ taken: 0, hits: 0 }];
  let hits = 0;
  for (let at = 0; at < rows; at++) {
    hits += Number(actual[order[at]!] === of);
    const isLast = at === rows - 1 || scores[order[at + 1]!] !== scores[order[at]!];
    if (isLast) points.push({ taken: at + 1, hits });
  }
  const roc = fewPoints(
    points,
    ({ taken, hits: found }) => (taken - found) / (rows - positives) + found / positives,
    2,
  );
  const found = fewPoints(points.slice(1), ({ hits: each }) => each / positives, 1);
  return {
    class: classes[of]!,
    false_positive: seriesOf(roc.map((each) => (each.taken - each.hits) / (rows - positives))),
    true_positive: seriesOf(roc.map((each) => each.hits / positives)),
    recall: seriesOf(found.map((each) => each.hits / positives)),
    precision: seriesOf(found.map((each) => each.hits / each.taken)),
  };
}

interface Point {
  taken: number;
  hits: number;
}

/** Points evenly spread along the curve, the first and the last among them; `along` grows from 0 to `length`. */
function fewPoints(points: readonly Point[], along: (point: Point) => number, length: number): Point[] {
  if (points.length <= curvePoints) return [...points];
  const kept: Point[] = [points[0]!];
  for (const point of points) if (along(point) >= (kept.length * length) / (curvePoints - 1)) kept.push(point);
  return kept.at(-1) === points.at(-1) ? kept : [...kept, points.at(-1)!];
}
