import type { Target } from "../../data/table.ts";
import { randomCells } from "../../evaluation/cells.ts";
import { type Compared, compareMetric, compareUnpaired, planIntervals } from "../../evaluation/compare-metric.ts";
import type { Metric } from "../../evaluation/metrics/metric.ts";
import { classificationMetrics, regressionMetrics } from "../../evaluation/metrics/metrics.ts";
import { classificationSides, regressionSides, type Sides } from "../../evaluation/sides.ts";
import { seededRandom } from "../../statistics/random.ts";
import type { Predictions } from "../../training/trainer.ts";
import type { Outcomes } from "../../watch/performance/read-outcomes.ts";
import type { ChallengerOutcome, ComparedMetric } from "./arm-facts.ts";

/** What intervals depend on besides the rows. */
export interface ComparisonPlan {
  primary: string;
  /** 0..1. */
  confidence: number;
  seed: number;
}

/** Both on the same rows, as the gate compares candidate and production. */
export function comparePaired(
  target: Target,
  { challenger, production }: { challenger: Predictions; production: Predictions },
  plan: ComparisonPlan,
): ComparedMetric[] {
  if (target.task === "regression") {
    const sides = regressionSides(target.values, challenger, production, 0);
    return pairedMetrics(regressionMetrics, sides, 0, plan);
  }
  const sides = classificationSides(target, challenger.classes, challenger, production, []);
  return pairedMetrics(classificationMetrics, sides, sides.naive.classes.length, plan);
}

function pairedMetrics<Scored>(
  metrics: readonly Metric<Scored>[],
  { candidate, production, rows }: Sides<Scored>,
  classes: number,
  { confidence, seed, primary }: ComparisonPlan,
): ComparedMetric[] {
  const plan = planIntervals(rows, classes, confidence, seed);
  const cells = randomCells(rows, plan.cells, seededRandom(seed));
  return primaryFirst(metrics, primary).map((metric) =>
    told(metric, compareMetric(metric, candidate, production, cells, plan)),
  );
}

/** Each on its own rows, as a split deals them out. */
export function compareSplit(challenger: Outcomes, production: Outcomes, plan: ComparisonPlan): ComparedMetric[] {
  const [ours, theirs] = [challenger.target, production.target];
  const rows = { ours: challenger.predictions.rows, theirs: production.predictions.rows };
  if (ours.task === "regression" && theirs.task === "regression") {
    const side = ({ predictions }: Outcomes, values: Float64Array) => regressionSides(values, predictions, null, 0);
    const sides = [side(challenger, ours.values), side(production, theirs.values)] as const;
    return splitMetrics(regressionMetrics, sides, rows, 0, plan);
  }
  if (ours.task === "regression" || theirs.task === "regression") throw new Error("The two do different tasks.");
  // Both are judged on all classes that either saw.
  const classes = [...new Set([...challenger.predictions.classes, ...ours.classes, ...theirs.classes])];
  const known = (target: typeof ours) => ({ ...target, classes: [...new Set([...target.classes, ...classes])] });
  const sides = [
    classificationSides(known(ours), classes, challenger.predictions, null, []),
    classificationSides(known(theirs), classes, production.predictions, null, []),
  ] as const;
  return splitMetrics(classificationMetrics, sides, rows, classes.length, plan);
}

function splitMetrics<Scored>(
  metrics: readonly Metric<Scored>[],
  [ours, theirs]: readonly [Pick<Sides<Scored>, "candidate">, Pick<Sides<Scored>, "candidate">],
  rows: { ours: number; theirs: number },
  classes: number,
  { confidence, seed, primary }: ComparisonPlan,
): ComparedMetric[] {
  const plan = planIntervals(rows.ours + rows.theirs, classes, confidence, seed);
  return primaryFirst(metrics, primary).map((metric) => {
    const mine = { side: ours.candidate, rows: rows.ours };
    return told(metric, compareUnpaired(metric, mine, { side: theirs.candidate, rows: rows.theirs }, plan));
  });
}

function primaryFirst<Scored>(metrics: readonly Metric<Scored>[], primary: string): Metric<Scored>[] {
  return metrics.toSorted((a, b) => Number(b.name === primary) - Number(a.name === primary));
}

function told<Scored>({ name, direction }: Metric<Scored>, compared: Compared): ComparedMetric {
  const { candidate, production, difference, problem } = compared;
  return { metric: name, direction, production, challenger: candidate, difference, ...(problem && { problem }) };
}

/** What the primary metric says, and how many labelled rows it would take to say more. */
export function outcomeOf(
  { difference, direction }: Pick<ComparedMetric, "difference" | "direction">,
  rows: number,
): { outcome: ChallengerOutcome; needed: number | null } {
  if (difference === null) return { outcome: "undecided", needed: null };
  const { value, low, high } = difference;
  if (low > 0 || high < 0) {
    const isLess = high < 0;
    return { outcome: isLess === (direction === "min") ? "better" : "worse", needed: null };
  }
  const reach = Math.max(value - low, high - value);
  // The interval shrinks with the root of the rows: this many bring its nearer end to zero.
  const needed = value === 0 ? Number.POSITIVE_INFINITY : Math.ceil(rows * (reach / Math.abs(value)) ** 2);
  return { outcome: "undecided", needed: needed > 1e9 ? null : Math.max(rows + 1, needed) };
}
