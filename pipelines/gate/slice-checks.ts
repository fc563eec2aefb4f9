import type { SliceRule } from "../config/model-config.ts";
import type { Difference, Evaluation, SliceComparison } from "../evaluation/evaluation.ts";
import { judgedValue } from "../evaluation/metrics/metrics.ts";
import {
  formatApart,
  formatCount,
  formatNumber,
  formatPercent,
  formatSigned,
  formatSignedPercent,
} from "../statistics/format-number.ts";
import { benjaminiHochberg } from "../statistics/tails/benjamini-hochberg.ts";
import { normalQuantile, normalTail, studentAsNormal } from "../statistics/tails/distributions.ts";
import { describeInterval, withinNoise, worsening } from "./differences.ts";
import { allowedWorsening, atMost } from "./primary-check.ts";
import type { GateCheck } from "./verdict.ts";

/**
 * No slice may get worse than its rule allows by more than chance: among many slices of equally good models some always seem
 * to be, so what exceeds its limit must also be beyond noise, all judged slices considered together. A rule that finds no
 * slice large enough fails, because it judged nothing.
 */
export function checkSlices(evaluation: Evaluation, rules: readonly SliceRule[]): GateCheck[] {
  const judged = rules.map((rule) => ({ rule, slices: evaluation.slices.filter((slice) => appliesTo(rule, slice)) }));
  const worse = worseBeyondNoise(judged.flatMap(({ slices }) => slices));
  return judged.flatMap(({ rule, slices }) =>
    slices.length === 0 ? [judgedNothing(rule)] : slices.map((slice) => checkSlice(slice, rule, worse)),
  );
}

function appliesTo({ by, metric, min_rows }: SliceRule, slice: SliceComparison): boolean {
  return by === slice.by && metric === slice.metric && slice.rows >= min_rows;
}

function judgedNothing({ by, metric, min_rows }: SliceRule): GateCheck {
  return {
    id: `slice:${by}=*`,
    outcome: "fail",
    limit: `at least ${formatCount(min_rows)} rows in a slice`,
    found: "no such slice",
    reason: `The rule on ${metric} by ${by} judged nothing: no value of ${by} has ${formatCount(min_rows)} test rows.`,
  };
}

function checkSlice(slice: SliceComparison, rule: SliceRule, { slices, count }: WorseSlices): GateCheck {
  const about = { id: `slice:${slice.by}=${slice.value}`, limit: describeLimit(slice, rule) };
  const name = `${slice.by}=${slice.value === "" ? "(empty)" : slice.value}`;
  if (slice.candidate === null || slice.production === null) {
    const reason = `${slice.metric} cannot be compared on ${name} (${slice.problem ?? "a number is missing"}).`;
    return { ...about, outcome: "fail", found: "missing", reason };
  }
  const candidate = judgedValue(slice.metric, slice.candidate);
  const production = judgedValue(slice.metric, slice.production);
  const worse = worsening(candidate - production, slice.direction);
  const scale = Math.max(Math.abs(candidate), Math.abs(production));
  const within = atMost(worse, allowedWorsening(rule.max_regression, production), scale);
  const [ours, theirs] = formatApart(candidate, production);
  const on = `On ${name} (${formatCount(slice.rows)} test rows) ${slice.metric} ${ours} against production's ${theirs}`;
  const found = describeChange(candidate, production, rule);
  const ruling = within ? `is within the limit of ${about.limit}` : `is ${found}, and the limit is ${about.limit}`;
  const failed = !within && slices.has(slice);
  const noise = within || failed ? noiseClause(slice) : chanceClause(slice, count);
  return { ...about, outcome: failed ? "fail" : "pass", found, reason: `${on} ${ruling}${noise}.` };
}

/** The limit on the change as it is shown, candidate against production: `≤ +10%` where lower is better, else `≥ −10%`. */
function describeLimit({ direction }: SliceComparison, { max_regression }: SliceRule): string {
  const relative = "relative" in max_regression;
  const size = relative ? formatPercent(max_regression.relative) : formatNumber(max_regression.absolute);
  return direction === "min" ? `≤ +${size}` : `≥ −${size}`;
}

function describeChange(candidate: number, production: number, { max_regression }: SliceRule): string {
  const change = candidate - production;
  if ("absolute" in max_regression || production === 0) return formatSigned(change);
  return formatSignedPercent(change / Math.abs(production));
}

function noiseClause({ difference }: SliceComparison): string {
  if (!difference || (difference.low === 0 && difference.high === 0) || !withinNoise(difference)) return "";
  return `; the difference is within noise (${describeInterval(difference)})`;
}

/** Why a slice that exceeds its limit does not block. */
function chanceClause({ difference }: SliceComparison, count: number): string {
  const among = count === 1 ? "" : `, of ${formatCount(count)} slices considered together`;
  return `; that is within noise${among}${difference ? ` (${describeInterval(difference)})` : ""}`;
}

/** Of equally good models, the share in which any slice is taken for worse: a little less than the 5% that is promised, as intervals are estimates too. */
const familyError = 0.04;

/** Which of `count` slices the candidate makes worse beyond noise. */
interface WorseSlices {
  slices: ReadonlySet<SliceComparison>;
  count: number;
}

/**
 * The slices whose worsening chance does not explain, with all of them considered together (Benjamini and Hochberg 1995). A
 * slice without an interval counts as worse: nothing says that it is chance.
 */
function worseBeyondNoise(compared: readonly SliceComparison[]): WorseSlices {
  const distinct = [...new Set(compared)];
  const adjusted = benjaminiHochberg(distinct.map(chanceOfWorsening));
  const slices = new Set(distinct.filter((_, at) => adjusted[at]! <= familyError));
  return { slices, count: distinct.length };
}

/**
 * Chance of a worsening this large or larger between equally good models: the distance of zero in half widths of the
 * interval, as of a t distribution with a degree of freedom a row (or group of rows) less one, which is brought to a normal one.
 */
function chanceOfWorsening({ difference, direction, rows, groups = rows }: SliceComparison): number {
  if (!difference) return 0;
  const worse = worsening(difference.value, direction);
  if (worse <= 0) return 1;
  const reach = reachTowardsZero(difference);
  if (reach === 0) return 0;
  return normalTail(
    studentAsNormal((worse / reach) * normalQuantile((1 - difference.confidence) / 2), Math.max(1, groups - 1)),
  );
}

/** From the difference to that end of its interval which is nearer to zero. */
function reachTowardsZero({ value, low, high }: Difference): number {
  return value > 0 ? value - low : high - value;
}
