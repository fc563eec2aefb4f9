import { seededRandom } from "../statistics/random.ts";
import { type Cells, randomCells, weightedSum } from "./cells.ts";
import { type Compared, drawsOf, scoreSide } from "./compare-metric.ts";
import type { Difference } from "./evaluation.ts";
import type { IntervalPlan } from "./interval-plan.ts";
import type { Metric, WeightedScore } from "./metrics/metric.ts";
import { pairedInterval } from "./paired-bootstrap.ts";
import { drawResamples, type Resamples } from "./resamples.ts";
import type { Side } from "./sides.ts";

/** One model on rows of its own. */
export interface OwnRows<Scored> {
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
