import { escapeMarkdown } from "../errors/inert-markdown.ts";
import type { Difference, Evaluation, MetricComparison, SliceComparison } from "../evaluation/evaluation.ts";
import type { GateCheck } from "../gate/verdict.ts";
import { type MatchedNumbers, matchNumbers } from "../statistics/format-number.ts";
import { type CheckIndex, limitCell, markCell, metricChecks, sliceChecks } from "./gate-checks.ts";

/** One number judged: the cells of a row in the table of a model, as Markdown. */
export interface ComparisonRow {
  label: string;
  rows: string;
  naive: string;
  production: string;
  candidate: string;
  difference: string;
  interval: string;
  limit: string;
  mark: string;
}

/** Which way is better. A bias is judged by its size. */
export function aimOf({ metric, direction }: Pick<MetricComparison, "metric" | "direction">): string {
  return metric === "bias" ? "near 0" : direction;
}

/** The score of a model that learned nothing: like the others of its row, unless fewer digits say it, as 3,993 beside 549.9. */
export function naiveText(score: number | null, row: MatchedNumbers): string {
  const texts = [row.value(score), matchNumbers([score]).value(score)] as const;
  return texts[1].length < texts[0].length ? texts[1] : texts[0];
}

/** `−21.9 … −11.2` */
export function intervalText(difference: Pick<Difference, "low" | "high">, signed: (number: number) => string): string {
  const [low, high] = [signed(difference.low), signed(difference.high)];
  return low && high ? `${low} … ${high}` : "";
}

/** `95% interval`, by the confidence the differences were computed with. */
export function intervalHeader(evaluation: Evaluation): string {
  const all = [...evaluation.metrics, ...evaluation.slices].flatMap((each) => each.difference?.confidence ?? []);
  return all.length > 0 ? `${percent(all[0]!)} interval` : "interval";
}

/** The row of a metric over all test rows; the primary one in bold. */
export function metricRow(comparison: MetricComparison, index: CheckIndex, primary: string): ComparisonRow {
  const { metric, naive, production, candidate, difference } = comparison;
  const numbers = matchNumbers([production, candidate], [difference?.value]);
  const checks = metricChecks(index, metric, primary);
  const name = escapeMarkdown(metric);
  const isPrimary = metric === primary;
  return {
    label: `${isPrimary ? `**${name}**` : name} (${aimOf(comparison)})`,
    rows: "",
    naive: naiveText(naive, numbers),
    production: numbers.value(production),
    candidate: isPrimary ? bold(numbers.value(candidate)) : numbers.value(candidate),
    difference: numbers.signed(difference?.value ?? null),
    interval: difference ? intervalText(difference, numbers.signed) : "",
    limit: limitCell(checks),
    mark: markCell(checks) || (comparison.problem ? "not scored" : ""),
  };
}

/** The row of a slice. Where its limit is a percentage, so is the difference. */
export function sliceRow({ slice, checks }: JudgedSlice, count: (rows: number) => string): ComparisonRow {
  const { production, candidate, difference } = slice;
  const numbers = matchNumbers([production, candidate], [difference?.value]);
  const relative = checks.some((check) => check.limit.includes("%")) ? relativeDifference(slice) : null;
  const percents = matchNumbers([100], [relative && relative.value * 100]);
  const signedPercent = (share: number) => `${percents.signed(share * 100)}%`;
  const [shown, signed] = relative ? [relative, signedPercent] : [difference, numbers.signed];
  return {
    label: `slice ${sliceName(slice)}`,
    rows: count(slice.rows),
    naive: "",
    production: numbers.value(production),
    candidate: numbers.value(candidate),
    difference: shown ? signed(shown.value) : "",
    interval: shown ? intervalText(shown, signed) : "",
    limit: limitCell(checks),
    mark: markCell(checks) || (slice.problem ? "not scored" : ""),
  };
}

/** `origin=ORD · rmse`; a null category is the empty string in the data, and gets a word. */
function sliceName(slice: SliceComparison): string {
  const value = escapeMarkdown(slice.value, 60) || "(empty)";
  return `${escapeMarkdown(slice.by, 60)}=${value} · ${escapeMarkdown(slice.metric)}`;
}

function bold(cell: string): string {
  return cell && `**${cell}**`;
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(2))}%`;
}

/** A slice with what the gate says about it. */
export interface JudgedSlice {
  slice: SliceComparison;
  checks: readonly GateCheck[];
}

/**
 * The slices worst first: those that broke a limit, then by how much worse than production they got, in shares of
 * production's score; without a production by the candidate's score.
 */
export function slicesWorstFirst(slices: readonly SliceComparison[], index: CheckIndex): JudgedSlice[] {
  return slices
    .map((slice) => ({ slice, checks: sliceChecks(index, slice), worse: worsening(slice) }))
    .sort((a, b) => broken(b.checks) - broken(a.checks) || compareNumbers(b.worse, a.worse))
    .map(({ slice, checks }) => ({ slice, checks }));
}

/** The difference as a share of production's score, null when there is none or production's is zero. */
export function relativeDifference(slice: SliceComparison): { value: number; low: number; high: number } | null {
  const { difference, production } = slice;
  if (!difference || !production) return null;
  const scale = Math.abs(production);
  return { value: difference.value / scale, low: difference.low / scale, high: difference.high / scale };
}

function broken(checks: readonly GateCheck[]): number {
  return checks.some((check) => check.outcome === "fail")
    ? 2
    : checks.some((check) => check.outcome !== "pass")
      ? 1
      : 0;
}

/** Positive when it got worse. A slice without numbers comes first: nobody knows how bad it is. */
function worsening(slice: SliceComparison): number {
  const sign = slice.direction === "min" ? 1 : -1;
  const size = relativeDifference(slice)?.value ?? slice.difference?.value ?? slice.candidate;
  return size === null || !Number.isFinite(size) ? Number.POSITIVE_INFINITY : sign * size;
}

function compareNumbers(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
