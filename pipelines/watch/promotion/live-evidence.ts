import { interruptAfter } from "../../data/engines/session.ts";
import { machineError, openSession, quoteName, quoteText } from "../../data/engines/tables.ts";
import type { Target } from "../../data/table.ts";
import { randomCells } from "../../evaluation/cells.ts";
import { type Compared, compareMetric, type IntervalPlan, planIntervals } from "../../evaluation/compare-metric.ts";
import { atConfidence, type Difference } from "../../evaluation/evaluation.ts";
import type { Metric } from "../../evaluation/metrics/metric.ts";
import { classificationMetrics, regressionMetrics } from "../../evaluation/metrics/metrics.ts";
import { classificationSides, regressionSides, type Sides } from "../../evaluation/sides.ts";
import { errorColumn } from "../../predictions/log-layout.ts";
import { tooSlow } from "../../predictions/score-input.ts";
import { seededRandom } from "../../statistics/random.ts";
import type { Predictions } from "../../training/trainer.ts";
import type { NumericDistribution } from "../profile/distribution.ts";
import type { Profile } from "../profile/profile.ts";
import { type DriftWindow, logFiles, logFolder, type WindowJob, windowLimits } from "../window/drift-window.ts";
import { type LogFile, openLogFile, readReason } from "../window/log-rows.ts";

/** Predictions of a window, and those of them that are outside of the reference range. */
interface Outside {
  rows: number;
  outside: number;
}

/**
 * A prediction is outside when it is NaN, infinite, or beyond the least and the greatest prediction on the test split; of
 * classes, when one of the probabilities is. Without drift a share of 2 ÷ (test rows + 1) of a regression's predictions is
 * outside, as any of the rows is equally likely to be the extreme one. Rows without a prediction do not count.
 */
export async function countOutside(
  { predictions }: Pick<Profile, "predictions">,
  { file, columns, rows }: Pick<DriftWindow, "file" | "columns" | "rows">,
): Promise<Outside | { reason: string }> {
  if (rows === 0) return { rows: 0, outside: 0 };
  const ranges = predictions.filter((column) => column.kind === "numeric");
  if (ranges.length === 0) return { reason: "the version's profile has no predictions of the test split" };
  const absent = ranges.filter(({ name }) => !columns.predictions.includes(name)).map(({ name }) => name);
  if (absent.length > 0) return { reason: `the rows have no ${absent.join(", ")}` };
  const endless = ranges.filter(({ min, max }) => min === null || max === null).map(({ name }) => name);
  if (endless.length > 0) return { reason: `no ${endless.join(", ")} on the test split was a finite number` };
  const isThere = ranges.map(({ name }) => `${quoteName(name)} IS NOT NULL`).join(" OR ");
  const isOutside = ranges.map(beyond).join(" OR ");
  using session = await openSession({ readable: [], writable: [file] });
  try {
    const found = await session.row(
      `SELECT count(*) FILTER (${isThere}) AS rows, count(*) FILTER (${isOutside}) AS outside FROM read_parquet(${quoteText(file)})`,
    );
    return { rows: Number(found.rows), outside: Number(found.outside) };
  } catch (error) {
    throw machineError(error, `to read the window's rows in ${file}`) ?? error;
  }
}

/** Another server's prediction of the same row may differ in the last digits of 32 bits; a null makes it no true condition. */
const rounding = 1e-6;

function beyond({ name, min, max }: NumericDistribution): string {
  const [low, high] = [min ?? 0, max ?? 0];
  const slack = rounding * Math.max(Math.abs(low), Math.abs(high));
  const value = `CAST(${quoteName(name)} AS DOUBLE)`;
  return `(NOT isfinite(${value}) OR ${value} < ${low - slack} OR ${value} > ${high + slack})`;
}

/** Requests of a window, and those of them that failed. */
interface Failures {
  rows: number;
  failed: number;
}

/**
 * Counts the requests to the production version in the prediction log, in whatever way drift gets its rows. Files without a
 * text column `error` say nothing and are left out; why nothing is known where no file says anything.
 */
export async function countFailures(job: WindowJob): Promise<Failures | { reason: string }> {
  const { root, repository, record } = job;
  const folder = await logFolder(root, repository.predictions, record.model);
  if (folder === null) return { reason: `there is no prediction log in ${repository.predictions}/${record.model}` };
  const limits = windowLimits(job);
  using session = await openSession({ ...limits, readable: [folder] });
  const limit = interruptAfter(session, limits.seconds);
  try {
    const files: LogFile[] = [];
    for (const path of await logFiles(folder, job.interval)) {
      const found = await openLogFile(session, job, path).catch((error: unknown) => ({
        reason: readReason(error, path),
      }));
      if (!("reason" in found) && found.rows > 0) files.push(found);
    }
    const telling = files.filter(({ failure }) => failure !== null);
    if (files.length > 0 && telling.length === 0)
      return { reason: `the prediction log has no column ${errorColumn} of texts` };
    const counts: Failures = { rows: 0, failed: 0 };
    for (const { rows, failed } of telling) {
      counts.rows += rows;
      counts.failed += failed;
    }
    return counts;
  } catch (error) {
    throw limit.reached() ? tooSlow(`the prediction log of ${record.model}`, limits.seconds, error) : error;
  } finally {
    limit.stop();
  }
}

/**
 * A metric of two versions on the same rows, the current one as the candidate, with the paired interval of their difference
 * for the `window`-th window since the promotion.
 */
export function compareVersions(
  metric: string,
  target: Target,
  { current, previous }: { current: Predictions; previous: Predictions },
  { seed, window }: { seed: number; window: number },
): Compared & { direction: "min" | "max" } {
  if (target.task === "regression") {
    const sides = regressionSides(target.values, current, previous, 0);
    return compare(regressionMetrics, metric, sides, planIntervals(sides.rows, 0, firstConfidence, seed), window);
  }
  const sides = classificationSides(target, current.classes, current, previous, []);
  const plan = planIntervals(sides.rows, sides.naive.classes.length, firstConfidence, seed);
  return compare(classificationMetrics, metric, sides, plan, window);
}

function compare<Scored>(
  metrics: readonly Metric<Scored>[],
  name: string,
  { candidate, production, rows }: Sides<Scored>,
  plan: IntervalPlan,
  window: number,
): Compared & { direction: "min" | "max" } {
  const metric = metrics.find((each) => each.name === name);
  if (!metric) throw new Error(`There is no metric ${name} for this task.`);
  const cells = randomCells(rows, plan.cells, seededRandom(plan.seed));
  const compared = compareMetric(metric, candidate, production, cells, plan);
  const difference = compared.difference && intervalOfWindow(compared.difference, window);
  return { direction: metric.direction, ...compared, difference };
}

/** Chance that a version which is as good as the one before is ever found to be worse, over all windows of its life. */
const lifetimeError = 0.01;

/** Of the interval in the first window since a promotion; stricter than the gate's, which is asked once. */
export const firstConfidence = 1 - 2 * errorOf(1);

/**
 * The interval of a difference for the k-th window since the promotion (1 is the first), from that of the first. Whoever looks
 * often finds something in the end: a part 1 ÷ (k(k + 1)) of the error is spent on each window, and these parts sum up to
 * one however long one looks (Lan & DeMets, Discrete sequential boundaries for clinical trials, Biometrika 1983).
 */
export function intervalOfWindow(first: Difference, window: number): Difference {
  return atConfidence(first, 1 - 2 * errorOf(window));
}

function errorOf(window: number): number {
  return lifetimeError / (window * (window + 1));
}
