import type { Target } from "../data/table.ts";
import { seededRandom } from "../statistics/random.ts";
import type { Predictions } from "../training/trainer.ts";
import { type Cells, everyCellOnce, oneCell, randomCells, weightedSum } from "./cells.ts";
import type { Difference } from "./evaluation.ts";
import type { Metric, WeightedScore } from "./metrics/metric.ts";
import { classificationMetrics, regressionMetrics } from "./metrics/metrics.ts";
import {
  type DrawnDifferences,
  type Draws,
  drawResamples,
  pairedInterval,
  type Resamples,
} from "./paired-bootstrap.ts";
import { classificationSides, regressionSides, type Side } from "./sides.ts";

/** Enough for 1,500 rows, or for the cells of a slice; with more rows percentiles cover as well. */
const mostJackknifeVisits = 1500 ** 2;

/** What both models score by one metric on the same rows. */
export interface Compared {
  candidate: number | null;
  production: number | null;
  difference: Difference | null;
  problem?: string;
}

/** Scores both sides and their difference on the rows of `cells`. A number that cannot be had is null, with the reason in `problem`. */
export function compareMetric<Scored>(
  metric: Metric<Scored>,
  candidate: Side<Scored>,
  production: Side<Scored> | null,
  cells: Cells,
  plan: IntervalPlan,
  drawn?: DrawnDifferences,
): Compared {
  const ours = scoreSide(metric, candidate, cells);
  const theirs = production && scoreSide(metric, production, cells);
  // What the rows themselves do not define is said once, not once per model.
  const theirProblem = theirs?.problem === ours.problem ? undefined : theirs?.problem;
  const problems = [ours.problem, theirProblem && `production: ${theirProblem}`];
  const compared = { candidate: ours.value, production: theirs?.value ?? null, difference: null };
  if (!ours.score || !theirs?.score) return withProblems(compared, problems);
  const difference = differenceOf(metric, ours, theirs, cells, plan, drawn);
  if (typeof difference === "string") return withProblems(compared, [difference]);
  return { ...compared, difference };
}

/** The naive baseline's value; null where the metric is not defined. */
export function scoreNaive<Scored>(metric: Metric<Scored>, naive: Scored, rows: number): number | null {
  return scoreSide(metric, { scored: naive }, oneCell(rows)).value;
}

type SideScore = { value: number; score: WeightedScore; problem?: undefined } | NoScore;

interface NoScore {
  value: null;
  score: null;
  problem: string;
}

/** One model by one metric on the rows of `cells`, or why it has no value there. */
function scoreSide<Scored>(metric: Metric<Scored>, side: Side<Scored>, cells: Cells): SideScore {
  if ("problem" in side) return noScore(side.problem);
  if (cells.of.length === 0) return noScore("there are no test rows");
  const problem = metric.undefinedBecause?.(side.scored);
  if (problem) return noScore(problem);
  const score = metric.prepare(side.scored, cells);
  const value = score(everyCellOnce(cells), cells.of.length);
  return Number.isFinite(value) ? { value, score } : noScore(`${metric.name} is not a finite number`);
}

function noScore(problem: string): NoScore {
  return { value: null, score: null, problem };
}

function differenceOf<Scored>(
  metric: Metric<Scored>,
  candidate: Exclude<SideScore, NoScore>,
  production: Exclude<SideScore, NoScore>,
  cells: Cells,
  { confidence, resamples, rowReplicates }: IntervalPlan,
  drawn?: DrawnDifferences,
): Difference | string {
  if (cells.of.length < 2) return "an interval needs at least two test rows";
  if (cells.count < 2) return "an interval needs rows of at least two groups";
  const judged = (value: number) => metric.judged?.(value) ?? value;
  const pair = { candidate: candidate.score, production: production.score, judged };
  const draws = drawsOf(metric, cells, { confidence, resamples, rowReplicates });
  const interval = pairedInterval(pair, draws, drawn);
  if (!interval) return `no interval: most resamples of these rows do not define ${metric.name}`;
  return { value: judged(candidate.value) - judged(production.value), ...interval, confidence };
}

/** What the interval of a metric is drawn from on these cells. */
function drawsOf<Scored>(
  metric: Metric<Scored>,
  cells: Cells,
  { confidence, resamples, rowReplicates }: Pick<IntervalPlan, "confidence" | "resamples" | "rowReplicates">,
): Draws {
  const replicates = metric.visitsRows ? rowReplicates : resamples.replicates;
  const studentised = metric.smooth !== false && jackknifeVisits(metric, cells) <= mostJackknifeVisits;
  return { cells, resamples, replicates, confidence, studentised };
}

/** The jackknife scores once without each cell. */
function jackknifeVisits<Scored>({ visitsRows }: Metric<Scored>, { count, of }: Cells): number {
  return count * (visitsRows ? of.length : count);
}

function withProblems(compared: Compared, problems: readonly (string | null | undefined)[]): Compared {
  const told = [...new Set(problems.filter((each) => each))];
  return told.length === 0 ? compared : { ...compared, problem: told.join("; ") };
}

/** One model on rows of its own. */
interface OwnRows<Scored> {
  side: Side<Scored>;
  rows: number;
}

/**
 * Scores two models on different rows, with the interval of the difference of their scores: each resample draws the rows of each
 * by themselves, from draws that have nothing to do with each other. Which interval it is, the percentile or the studentised one, is
 * decided as with the same rows (see `pairedInterval`).
 */
export function compareUnpaired<Scored>(
  metric: Metric<Scored>,
  candidate: OwnRows<Scored>,
  production: OwnRows<Scored>,
  plan: IntervalPlan,
): Compared {
  const ours = randomCells(candidate.rows, plan.cells, seededRandom(plan.seed));
  const theirs = randomCells(production.rows, plan.cells, seededRandom(plan.seed, 1));
  const [a, b] = [scoreSide(metric, candidate.side, ours), scoreSide(metric, production.side, theirs)];
  const found: Compared = { candidate: a.value, production: b.value, difference: null };
  if (a.score === null || b.score === null) {
    const problems = [a.problem, b.problem && `production: ${b.problem}`].filter((each) => each);
    return { ...found, problem: problems.join("; ") };
  }
  const judged = (value: number) => metric.judged?.(value) ?? value;
  const pair = {
    candidate: onPart(a.score, ours, 0),
    production: onPart(b.score, theirs, ours.count),
    judged,
  };
  const interval = pairedInterval(
    pair,
    drawsOf(metric, together(ours, theirs), { ...plan, resamples: bothDrawn(plan, ours.count) }),
  );
  if (interval === null)
    return { ...found, problem: `no interval: most resamples of these rows do not define ${metric.name}` };
  const value = judged(a.value) - judged(b.value);
  return { ...found, difference: { value, ...interval, confidence: plan.confidence } satisfies Difference };
}

/** A score that counts its own cells alone, of weights for both. */
function onPart(score: WeightedScore, { count, sizes }: Cells, from: number): WeightedScore {
  return (weights) => {
    const own = weights.subarray(from, from + count);
    return score(own, weightedSum(sizes, own));
  };
}

/** The cells of both, one after the other. */
function together(first: Cells, second: Cells): Cells {
  const of = new Uint16Array(first.of.length + second.of.length);
  of.set(first.of);
  of.set(
    second.of.map((cell) => cell + first.count),
    first.of.length,
  );
  const sizes = new Float64Array(first.count + second.count);
  sizes.set(first.sizes);
  sizes.set(second.sizes, first.count);
  return { count: first.count + second.count, of, sizes };
}

/** Draws from the first so many cells, and by themselves from the rest. */
function bothDrawn({ seed, resamples: { replicates } }: IntervalPlan, first: number): Resamples {
  const [one, other] = [drawResamples(seed, replicates), drawResamples(seed ^ 0x5bd1e995, replicates)];
  return {
    replicates,
    weights(cells) {
      const [left, right] = [one.weights(first), other.weights(cells - first)];
      const weights = new Uint16Array(replicates * cells);
      for (let at = 0; at < replicates; at++) {
        weights.set(left.subarray(at * first, (at + 1) * first), at * cells);
        weights.set(right.subarray(at * (cells - first), (at + 1) * (cells - first)), at * cells + first);
      }
      return weights;
    },
  };
}

/** How the intervals of one evaluation are drawn. */
export interface IntervalPlan {
  confidence: number;
  seed: number;
  resamples: Resamples;
  /** Replicates of metrics that visit every row. */
  rowReplicates: number;
  /** Cells at most for all rows, and for one slice. */
  cells: number;
  sliceCells: number;
}

const replicates = 1000;
const fewestRowReplicates = 200;
/** Row visits that metrics such as roc_auc may take, about 0.2 s each. */
const rowVisits = 2e8;

/**
 * 1,000 replicates of 2,000 cells, which fixes an interval's ends to a few per cent of its width. Bounds the work where it
 * would grow: fewer replicates of metrics that visit rows (200 at least), fewer cells with many classes, and 250 cells in a
 * slice, whose own rows are the larger uncertainty.
 */
export function planIntervals(rows: number, classes: number, confidence: number, seed: number): IntervalPlan {
  const models = 2;
  const affordable = Math.floor(rowVisits / (rows * models * Math.max(1, classes)));
  return {
    confidence,
    seed,
    resamples: drawResamples(seed, replicates),
    rowReplicates: Math.min(replicates, Math.max(fewestRowReplicates, affordable)),
    cells: Math.max(250, Math.min(2000, Math.floor(32_000 / Math.max(1, classes)))),
    sliceCells: 250,
  };
}

/** A metric's value; null where it has none, with the reason. */
interface Score {
  score: number | null;
  problem?: string;
}

/** One metric of predictions on rows whose truth is known; null with the reason where it has no value. */
export function scoreMetric(name: string, target: Target, predictions: Predictions): Score {
  if (target.task === "regression") {
    const { candidate, rows } = regressionSides(target.values, predictions, null, 0);
    return score(regressionMetrics, name, candidate, rows);
  }
  const { candidate, rows } = classificationSides(target, predictions.classes, predictions, null, []);
  return score(classificationMetrics, name, candidate, rows);
}

function score<Scored>(metrics: readonly Metric<Scored>[], name: string, side: Side<Scored>, rows: number): Score {
  const metric = metrics.find((each) => each.name === name);
  if (!metric) throw new Error(`There is no metric ${name} for this task.`);
  if ("problem" in side) return { score: null, problem: side.problem };
  const value = scoreNaive(metric, side.scored, rows);
  if (value !== null) return { score: value };
  const problem = metric.undefinedBecause?.(side.scored) ?? `${name} is not a finite number`;
  return { score: null, problem };
}
