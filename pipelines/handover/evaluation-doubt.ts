import { canonicalJson } from "../config/canonical-json.ts";
import { type ChosenParam, chosenParams, withoutChosenParams } from "../config/chosen-params.ts";
import { candidateId, definitionHash } from "../config/definition.ts";
import type { LoadedModel } from "../config/load-models.ts";
import { metricDirections, metricNames, metricRanges } from "../config/metric-names.ts";
import type { ModelConfig } from "../config/model-config.ts";
import { expectedChecks } from "../data/aggregate-checks.ts";
import { expectedOfViews } from "../data/features/check-views.ts";
import type { Difference, Evaluation, MetricComparison, SliceComparison } from "../evaluation/evaluation.ts";
import { judgedValue } from "../evaluation/metrics/metrics.ts";
import type { CandidateRecord, VersionRecord } from "../registry/version-record.ts";

type Compared = Pick<MetricComparison, "metric" | "direction" | "candidate" | "production" | "difference" | "problem">;

/** Sums in another order, or of another version of mergeml, may differ so much, relative to their size. */
const rounding = 1e-9;

/**
 * Why an evaluation cannot be true, or null. What a stranger measured cannot be measured again without running his code; but
 * it must be about the candidate and production, and its numbers must fit one another.
 */
export function evaluationDoubt(
  evaluation: Evaluation,
  record: CandidateRecord,
  { task, thresholds }: Pick<ModelConfig, "task" | "thresholds">,
  production: VersionRecord | null,
): string | null {
  const compares = [...evaluation.metrics, ...evaluation.slices];
  return (
    subjectDoubt(evaluation, record, { task, thresholds }) ??
    baselineDoubt(evaluation, production) ??
    first(compares, (each) => rangeDoubt(each, evaluation) ?? differenceDoubt(each, thresholds.retrain)) ??
    errorsDoubt(evaluation) ??
    sliceDoubt(evaluation, thresholds.slices) ??
    remeasuredDoubt(evaluation, production)
  );
}

function first<T>(items: readonly T[], doubt: (item: T) => string | null): string | null {
  for (const item of items) {
    const found = doubt(item);
    if (found !== null) return found;
  }
  return null;
}

function subjectDoubt(
  evaluation: Evaluation,
  record: CandidateRecord,
  { task, thresholds: { primary } }: Pick<ModelConfig, "task" | "thresholds">,
): string | null {
  const { rows, test_fingerprint, model, features, classes, metrics, bins } = evaluation;
  if (model !== record.model.sha256) return "its evaluation is of another model";
  if (test_fingerprint !== record.test.fingerprint || rows > record.test.rows)
    return "its evaluation is on other test rows";
  const { test_rows, seen_by_production: seen, duplicates, groups = 0 } = evaluation;
  const left = (seen ?? 0) + (duplicates?.left_out ?? 0);
  if (groups > rows) return "its evaluation has more groups than rows";
  if (test_rows !== undefined && (test_rows !== record.test.rows || rows + left > test_rows))
    return "its evaluation leaves out more rows than the test has";
  if (evaluation.task !== task || evaluation.primary !== primary) return "its evaluation is for another config";
  if (!isSame(features, record.features) || !isSame(classes, record.classes))
    return "its evaluation is of other features or classes";
  const names = metrics.map(({ metric }) => metric);
  const missing = metricNames[task].filter((name) => !names.includes(name));
  if (names[0] !== primary || missing.length > 0 || new Set(names).size < names.length)
    return "its evaluation does not have each metric once, the primary first";
  const binned = bins.reduce((sum, bin) => sum + bin.rows, 0);
  return binned > rows ? "its groups of predictions have more rows than the test" : null;
}

function baselineDoubt({ baseline }: Evaluation, production: VersionRecord | null): string | null {
  if (baseline.state !== "scored" || production === null) return null;
  const { features, classes } = production.candidate;
  return isSame(baseline.features, features) && isSame(baseline.classes, classes)
    ? null
    : "it was compared with other features or classes than production has";
}

/** A metric that is not known here is a later version's: it has no range. */
function rangeDoubt(compared: Compared & { naive?: number | null }, { baseline }: Evaluation): string | null {
  const { metric, direction, candidate, production, naive = null } = compared;
  if (!Object.hasOwn(metricRanges, metric)) return null;
  const known = metric as keyof typeof metricRanges;
  if (direction !== metricDirections[known]) return `${metric} is said to be better the other way round`;
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = metricRanges[known];
  const outside = [candidate, production, naive].find(
    (value) => value !== null && (value < min - rounding || value > max + rounding),
  );
  if (outside !== undefined) return `${metric} cannot be ${outside}`;
  if (production !== null && baseline.state !== "scored") return `${metric} has a value of production's without one`;
  return null;
}

/** The resamples need not lie around the value, but are never farther from it than they are wide. */
function differenceDoubt(
  { metric, candidate, production, difference }: Compared,
  { confidence }: { confidence: number },
): string | null {
  if (difference === null) return null;
  if (candidate === null || production === null) return `${metric} has a difference without two values`;
  const { value, low, high } = difference;
  const expected = judgedValue(metric, candidate) - judgedValue(metric, production);
  if (!near(value, expected, Math.max(Math.abs(candidate), Math.abs(production))))
    return `${metric} differs by ${expected}, not by ${value}`;
  const width = high - low;
  const room = width + rounding * Math.max(Math.abs(low), Math.abs(high), 1);
  if (low > high || value < low - room || value > high + room) return `${metric} has the interval ${shown(difference)}`;
  return difference.confidence === confidence ? null : `${metric} has an interval of another confidence`;
}

function shown({ low, high, value }: Difference): string {
  return `${low} … ${high} around ${value}`;
}

/** |mean error| ≤ mean absolute error ≤ root of the mean square, and half of the errors are at most twice the mean. */
function errorsDoubt({ metrics, task }: Evaluation): string | null {
  if (task !== "regression") return null;
  return first(["candidate", "production"] as const, (side) => {
    const of = (name: string) => metrics.find(({ metric }) => metric === name)?.[side] ?? Number.NaN;
    const isAbove = (less: number, more: number) => less > more * (1 + 1e-6); // false of a missing one
    if (isAbove(Math.abs(of("bias")), of("mae"))) return "its bias is larger than its mae";
    if (isAbove(of("mae"), of("rmse"))) return "its mae is larger than its rmse";
    return isAbove(of("medae"), 2 * of("mae")) ? "its medae is larger than twice its mae" : null;
  });
}

function sliceDoubt({ slices, rows }: Evaluation, rules: ModelConfig["thresholds"]["slices"]): string | null {
  const groups = Map.groupBy(slices, ({ by, metric }: SliceComparison) => JSON.stringify([by, metric]));
  for (const [name, group] of groups) {
    const [by, metric] = JSON.parse(name) as [string, string];
    if (!rules.some((rule) => rule.by === by && rule.metric === metric)) return `nobody asked for slices by ${by}`;
    if (new Set(group.map(({ value }) => value)).size < group.length) return `a slice by ${by} is there twice`;
    if (group.reduce((sum, each) => sum + each.rows, 0) > rows)
      return `its slices by ${by} have more rows than the test`;
  }
  return null;
}

/** On the rows that production was registered with, it scores what it scored then. */
function remeasuredDoubt(
  { metrics, rows, test_fingerprint, seen_by_production, duplicates }: Evaluation,
  production: VersionRecord | null,
): string | null {
  const then = production?.evaluation;
  const left = (seen_by_production ?? 0) + (duplicates?.left_out ?? 0);
  if (
    !then ||
    left > 0 ||
    then.duplicates?.left_out ||
    then.seen_by_production ||
    then.test_fingerprint !== test_fingerprint ||
    then.rows !== rows
  )
    return null;
  return first(metrics, ({ metric, production: now }) => {
    const before = then.metrics.find((each) => each.metric === metric)?.candidate ?? null;
    if (before === null || now === null || near(now, before, Math.abs(before))) return null;
    return `production's ${metric} is ${now}, and was ${before} on the same rows`;
  });
}

function near(a: number, b: number, scale: number): boolean {
  return Math.abs(a - b) <= rounding * Math.max(scale, Number.MIN_VALUE);
}

/**
 * Why a candidate's record is not of the model as a commit has it, or null: everything in it that the config determines is
 * made again, its ids and the list of its data checks included.
 */
export function recordDoubt(record: CandidateRecord, written: LoadedModel, commit: string): string | null {
  const { config, query, files } = written;
  const other = `it was trained from another config than that of commit ${commit.slice(0, 7)}`;
  if (!isSame(withoutChosenParams(record.config), withoutChosenParams(config)) || record.query !== query.text)
    return other;
  const odd = chosenParams(record.config).find((chosen) => !isInSpace(chosen));
  if (odd) return `its search chose ${odd.name} outside of search.space`;
  // The version is the record's: a pull request may bring a newer trainer.
  const trainer = { name: config.type, version: record.trainer.version };
  const definition = definitionHash(config, query.text, trainer, files);
  if (record.trainer.name !== config.type || record.definition !== definition) return other;
  if (record.id !== candidateId(definition, record.train.fingerprint, record.test.fingerprint))
    return "its id is not that of its inputs";
  if (record.predictions.rows !== record.test.rows) return "it has predictions of other rows than the test's";
  return checksDoubt(record, config.features);
}

function isInSpace({ value, choices }: ChosenParam): boolean {
  if ("min" in choices) {
    const room = 1e-9 * Math.max(Math.abs(choices.min), Math.abs(choices.max)); // of a logarithm and back
    return typeof value === "number" && value >= choices.min - room && value <= choices.max + room;
  }
  return choices.some((choice) => isSame(choice, value));
}

function checksDoubt({ checks, train, test }: CandidateRecord, asked: LoadedModel["config"]["features"]) {
  const expected = [...expectedOfViews(asked.composition), ...expectedChecks(asked.checks)];
  const made = checks.map(({ check, severity }) => ({ check, severity }));
  if (
    !isSame(
      made,
      expected.map(({ check, severity }) => ({ check, severity })),
    )
  )
    return "it does not have each data check of features.checks";
  // Of very many rows a rounding error's worth may fail.
  const unnoticed = (train.rows + test.rows) * 1e-9;
  const odd = checks.find(({ passed, failing_rows: failing }, at) => {
    if (failing === null) return false;
    return passed ? expected[at]?.everyRow && failing > unnoticed : failing === 0;
  });
  return odd ? `the data check ${odd.check} cannot be as it is told` : null;
}

/** Whether two values are the same JSON, in whatever order their keys are. */
function isSame(a: unknown, b: unknown): boolean {
  return canonicalJson(a) === canonicalJson(b);
}
