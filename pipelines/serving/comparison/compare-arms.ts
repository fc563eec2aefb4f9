import { join } from "node:path";
import type { Session } from "../../data/engines/session.ts";
import { quoteText } from "../../data/engines/tables.ts";
import type { Target } from "../../data/table.ts";
import { randomCells } from "../../evaluation/cells.ts";
import { type Compared, compareMetric, compareUnpaired, planIntervals } from "../../evaluation/compare-metric.ts";
import type { Metric } from "../../evaluation/metrics/metric.ts";
import { classificationMetrics, regressionMetrics } from "../../evaluation/metrics/metrics.ts";
import { classificationSides, regressionSides, type Sides } from "../../evaluation/sides.ts";
import { seededRandom } from "../../statistics/random.ts";
import type { Predictions } from "../../training/trainer.ts";
import { type Outcomes, readOutcomes } from "../../watch/performance/read-outcomes.ts";
import { labelsUntil, sqlTime, type WindowJob } from "../../watch/window/drift-window.ts";
import type { ArmTable } from "./read-arms.ts";
import type { ChallengerComparison, ChallengerOutcome, ComparedMetric } from "./trial-notes.ts";

/** What intervals depend on besides the rows. */
interface ComparisonPlan {
  primary: string;
  /** 0..1. */
  confidence: number;
  seed: number;
}

/** Both on the same rows, as the gate compares candidate and production. */
function comparePaired(
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
function compareSplit(challenger: Outcomes, production: Outcomes, plan: ComparisonPlan): ComparedMetric[] {
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
function outcomeOf(
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

interface Arms {
  production: ArmTable;
  tried: ArmTable;
  /** The table `pairs` has what both said of the same rows. */
  paired: boolean;
}

interface JudgedArms extends Pick<ChallengerComparison, "judged" | "metrics" | "outcome" | "needed"> {
  labelled: { production: number; challenger: number };
}

/** Fewer labelled rows decide nothing, where a record does not say how many. */
const fewestRows = 30;

/** Joins the sides with the labels of a query, and compares their metrics at the gate's confidence. */
export async function judgeLabelled(
  session: Session,
  job: WindowJob,
  { production, tried, paired }: Arms,
  query: string,
): Promise<JudgedArms> {
  await fillLabels(session, query);
  const files = labelledFiles(job.staging);
  const { seed, thresholds } = job.record.candidate.config;
  const classes = Math.max(production.record.candidate.classes.length, tried.record.candidate.classes.length);
  const write = (table: keyof typeof files) =>
    writeLabelled(session, table, { file: files[table], until: labelsUntil(job), classes, seed });
  const own = { production: await write("production_rows"), challenger: await write("challenger_rows") };
  const labelled = { production: own.production.found, challenger: own.challenger.found };
  const both = paired ? await write("pairs") : null;
  const judged = both
    ? { production: both.written, challenger: both.written }
    : { production: own.production.written, challenger: own.challenger.written };
  const fewest = Math.min(judged.production, judged.challenger);
  const least = thresholds.min_test_rows ?? fewestRows;
  if (fewest < least)
    return { labelled, judged, metrics: [], outcome: fewest === 0 ? "no labels" : "too few labels", needed: least };
  const plan = { primary: thresholds.primary, confidence: thresholds.retrain.confidence, seed };
  const outcomes = (table: keyof typeof files, arm: ArmTable, prefix: "c" | "p") =>
    outcomesIn(files[table], arm, prefix);
  const [ours, theirs] = paired
    ? [await outcomes("pairs", tried, "c"), await outcomes("pairs", production, "p")]
    : [await outcomes("challenger_rows", tried, "p"), await outcomes("production_rows", production, "p")];
  const metrics = paired
    ? comparePaired(ours.target, { challenger: ours.predictions, production: theirs.predictions }, plan)
    : compareSplit(ours, theirs, plan);
  const [primary] = metrics;
  return {
    labelled,
    judged,
    metrics,
    ...(primary ? outcomeOf(primary, fewest) : { outcome: "undecided", needed: null }),
  };
}

/** Files that the labelled rows are written to; the session must be allowed to. */
interface LabelledFiles {
  pairs: string;
  production_rows: string;
  challenger_rows: string;
}

export function labelledFiles(staging: string): LabelledFiles {
  const file = (name: string) => join(staging, `${name}.parquet`);
  return { pairs: file("pairs"), production_rows: file("production"), challenger_rows: file("challenger") };
}

/** Makes the table `labels` of a query that gives `k` and `y`: keys whose labels contradict each other have none. */
async function fillLabels(session: Session, query: string): Promise<void> {
  await session.run(
    `CREATE TEMP TABLE labels AS SELECT k, min(y) AS y FROM (${query}) WHERE k IS NOT NULL AND y IS NOT NULL
     GROUP BY k HAVING count(DISTINCT y) = 1`,
  );
}

/** More rows tell no more about a difference; with many classes memory is the limit before. */
const [mostRows, mostScores] = [200_000, 2_000_000];

/** How many labelled rows there are, and how many of them a file has: all, or of very many a sample. */
interface LabelledRows {
  found: number;
  written: number;
}

/** Writes the rows of a table whose label counts, which are those until a moment. */
async function writeLabelled(
  session: Session,
  table: keyof LabelledFiles,
  { file, until, classes, seed }: { file: string; until: Date; classes: number; seed: number },
): Promise<LabelledRows> {
  const answered = table === "pairs" ? "" : "AND NOT failed AND r.p0 IS NOT NULL";
  const labelled = `SELECT r.*, l.y AS y FROM ${table} r JOIN labels l ON r.k = l.k
    WHERE r.t <= TIMESTAMP ${quoteText(sqlTime(until))} ${answered}`;
  const { rows } = await session.row(`SELECT count(*) AS rows FROM (${labelled})`);
  const found = Number(rows);
  const most = Math.min(mostRows, Math.floor(mostScores / Math.max(1, classes)));
  const sample = found > most ? `USING SAMPLE reservoir(${most} ROWS) REPEATABLE (${seed})` : "";
  await session.run(`COPY (SELECT * FROM (${labelled}) ${sample}) TO ${quoteText(file)} (FORMAT parquet)`);
  return { found, written: Math.min(found, most) };
}

/** The labelled predictions of one side: its columns are called `p0` … or `c0` … */
async function outcomesIn(file: string, { record }: ArmTable, prefix: "p" | "c"): Promise<Outcomes> {
  const { classes, config } = record.candidate;
  const predicted = classes.length === 0 ? [`${prefix}0`] : classes.map((_, at) => `${prefix}${at + 1}`);
  const found = await readOutcomes({ files: [file], task: config.task, target: "y", classes, predicted });
  if (!found) throw new Error("The labelled rows lack a column that was just written.");
  return found;
}
