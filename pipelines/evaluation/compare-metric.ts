import { type Cells, everyCellOnce, oneCell } from "./cells.ts";
import type { Difference } from "./evaluation.ts";
import type { IntervalPlan } from "./interval-plan.ts";
import type { Metric, WeightedScore } from "./metrics/metric.ts";
import { type DrawnDifferences, type Draws, pairedInterval } from "./paired-bootstrap.ts";
import type { Side } from "./sides.ts";

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

export type SideScore = { value: number; score: WeightedScore; problem?: undefined } | NoScore;

interface NoScore {
  value: null;
  score: null;
  problem: string;
}

/** One model by one metric on the rows of `cells`, or why it has no value there. */
export function scoreSide<Scored>(metric: Metric<Scored>, side: Side<Scored>, cells: Cells): SideScore {
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
export function drawsOf<Scored>(
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
