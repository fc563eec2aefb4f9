import { dirname } from "node:path";
import type { ModelConfig } from "../../config/model-config.ts";
import type { DatasetRef, DatasetStore } from "../../data/dataset-store.ts";
import { machineError, openFrugalSession, quoteText } from "../../data/engines/tables.ts";
import type { CandidateRecord } from "../../registry/version-record.ts";
import { buildLossModel } from "../performance/estimate/fit-loss.ts";
import type { LossModel } from "../performance/estimate/loss-model.ts";
import { measureMetric } from "../performance/measure-metric.ts";
import { readOutcomes } from "../performance/read-outcomes.ts";
import { durationOf } from "../window/interval.ts";
import { describeDistributions, type ReferenceColumn } from "./describe-distributions.ts";
import type { Distribution } from "./distribution.ts";
import { columnPasts, type PastSource, pastRows, predictedRows } from "./past/column-pasts.ts";
import type { ColumnPast, ReferencePast } from "./past/past.ts";
import { lossPast } from "./past/spread-of.ts";
import { fitProfile, type MetricLevel, type Profile } from "./profile.ts";
import { referenceTimes, type TimeSpan } from "./reference-times.ts";

/** What a profile is made from: all of it is in a version's record. */
export type Profiled = Pick<
  CandidateRecord,
  "config" | "features" | "classes" | "train" | "test" | "predictions" | "importance"
>;

/**
 * The profile of a candidate from its stored train split and its stored predictions on the test split. The same rows give
 * the same profile. Without the predictions, as `mergeml reproduce` leaves the store, it knows the features only. Throws
 * EnvironmentError when the store does not have the train split.
 */
export async function buildProfile(store: DatasetStore, candidate: Profiled): Promise<Profile> {
  const { config, features, classes, importance } = candidate;
  const {
    task,
    features: { target },
  } = config;
  const outcome: ReferenceColumn = {
    name: target,
    column: target,
    kind: task === "regression" ? "numeric" : "category",
  };
  const columns = features.map(
    ({ name, kind }): ReferenceColumn => ({ name, column: name, kind: kind === "number" ? "numeric" : "category" }),
  );
  const times = await referenceTimes(store, candidate);
  const known = await describeTrain(store, candidate, { columns: [...columns, outcome], span: times?.train ?? null });
  const predicted = await store.has(candidate.predictions.fingerprint);
  const scored = predicted
    ? await describePredictions(store, candidate, { span: times?.test ?? null, features: predictors(candidate, known) })
    : null;
  const shares = new Map(importance.map(({ feature, share }) => [feature, share]));
  const past = referencePast(candidate, scored);
  return fitProfile({
    format: 1,
    task,
    classes,
    target,
    unwatched: 0,
    performance: predicted ? await performanceOf(store, candidate) : null,
    features: features.map(({ name, kind }, at) => ({
      kind,
      importance: shares.has(name) ? rounded(shares.get(name)!) : null,
      distribution: known.columns[at]!,
      ...(hasPast(candidate) && { past: known.pasts[at]! }),
    })),
    predictions: scored?.columns ?? [],
    outcome: known.columns.at(-1)!,
    times,
    ...(past && { past }),
    ...(scored?.estimate && { estimate: scored.estimate }),
  });
}

/** Features that the loss may depend on, the most important first. The calendar goes on and says nothing of it. */
function predictors({ features, importance }: Profiled, { columns, pasts }: Described): Distribution[] {
  const shares = new Map(importance.map(({ feature, share }) => [feature, share]));
  const share = ({ name }: { name: string }) => shares.get(name) ?? 0;
  return features
    .map((feature, at) => ({ feature, column: columns[at]!, calendar: pasts[at]!.calendar }))
    .filter(({ calendar }) => calendar === null)
    .toSorted((a, b) => share(b.feature) - share(a.feature))
    .map(({ column }) => column);
}

/** Without a time and without groups nothing is known of any past. */
function hasPast({ config: { features, drift } }: Profiled): boolean {
  return features.time !== null || groupOf({ features, drift }) !== null;
}

function groupOf({ drift, features }: Pick<ModelConfig, "drift" | "features">): string | null {
  return drift.group ?? features.split.group ?? null;
}

function referencePast(candidate: Profiled, scored: DescribedPredictions | null): ReferencePast | null {
  if (!hasPast(candidate)) return null;
  const window = durationOf(candidate.config.drift.window);
  return { window, predictions: scored?.pasts ?? [], performance: scored?.loss ?? null };
}

interface Described {
  columns: Distribution[];
  pasts: ColumnPast[];
}

interface DescribedPredictions extends Described {
  loss: ReferencePast["performance"];
  estimate: LossModel | null;
}

function pastSource(file: string, split: DatasetRef, { config }: Profiled, span: TimeSpan | null): PastSource {
  const { features, drift } = config;
  const { columns } = split;
  return { file, columns, time: features.time, span, window: durationOf(drift.window), group: groupOf(config) };
}

/** One thread, because sums of floating-point numbers depend on the order. */
async function describeTrain(
  store: DatasetStore,
  candidate: Profiled,
  { columns, span }: { columns: readonly ReferenceColumn[]; span: TimeSpan | null },
): Promise<Described> {
  const file = await store.path(candidate.train.fingerprint);
  using session = await openFrugalSession({ readable: [dirname(file)], threads: 1 });
  try {
    const from = `read_parquet(${quoteText(file)})`;
    const described = await describeDistributions(session, from, columns);
    const features = columns.slice(0, -1).map((reference, at) => ({ reference, described: described[at]! }));
    const rows = await pastRows(session, pastSource(file, candidate.train, candidate, span));
    const asked = features.map((each) => ({ ...each, mayBeCalendar: true }));
    return { columns: described.map(withRoundMoments), pasts: await columnPasts(session, from, asked, rows) };
  } catch (error) {
    throw machineError(error, `to describe the columns of ${file}`) ?? error;
  }
}

async function describePredictions(
  store: DatasetStore,
  candidate: Profiled,
  { span, features }: { span: TimeSpan | null; features: readonly Distribution[] },
): Promise<DescribedPredictions> {
  const { config, classes, predictions } = candidate;
  const [file, test] = [await store.path(predictions.fingerprint), await store.path(candidate.test.fingerprint)];
  const columns = predictionColumns(candidate);
  using session = await openFrugalSession({ readable: [dirname(file), dirname(test)], threads: 1 });
  try {
    const described = await describeDistributions(session, `read_parquet(${quoteText(file)})`, columns);
    const inTest = await store.has(candidate.test.fingerprint);
    const own = inTest
      ? await pastRows(session, pastSource(test, candidate.test, candidate, span))
      : { time: null, group: null, window: 0 };
    const { from, rows } = predictedRows(file, test, own);
    const asked = columns.map((reference, at) => ({ reference, described: described[at]!, mayBeCalendar: false }));
    const { target } = config.features;
    const stored = storedPredictions(target, predictions);
    const metric = config.thresholds.primary;
    const loss = await lossPast(session, from, { target, classes, stored, metric }, rows);
    const pasts = await columnPasts(session, from, asked, rows);
    const predicted = columns.map(({ column }, at) => ({ column, described: described[at]! }));
    const scored = { test, predictions: file, target, classes, stored, metric, predicted, features };
    const estimate = inTest ? await buildLossModel(session, scored) : null;
    return { columns: described.map(withRoundMoments), pasts, loss, estimate };
  } catch (error) {
    throw machineError(error, `to describe the predictions in ${file}`) ?? error;
  }
}

/** More digits are not what another machine would get, and none of them matters. */
function withRoundMoments(column: Distribution): Distribution {
  if (column.kind !== "numeric" || column.mean === null || column.deviation === null) return column;
  const { mean, deviation, min, max } = column;
  return {
    ...column,
    mean: rounded(mean),
    deviation: rounded(deviation),
    min: rounded(min ?? mean),
    max: rounded(max ?? mean),
    above: 0,
    below: 0,
  };
}

function rounded(value: number): number {
  return Number(value.toPrecision(9));
}

/** Probabilities of more classes than this are not watched one by one; the labels are. */
const mostProbabilities = 10;

/** The predictions that are watched. Stored they stand behind the target; their names in the prediction log are the plain ones. */
export function predictionColumns({
  config,
  classes,
  predictions,
}: Pick<Profiled, "config" | "classes" | "predictions">): ReferenceColumn[] {
  const stored = storedPredictions(config.features.target, predictions);
  if (classes.length === 0) return [{ name: "prediction", column: stored[0]!, kind: "numeric" }];
  const label: ReferenceColumn = { name: "label", column: stored[0]!, kind: "category" };
  // Of two classes the one's probability is what the other's lacks.
  const shown = classes.length > mostProbabilities ? [] : classes.length === 2 ? [1] : [...classes.keys()];
  const probabilities = shown.map(
    (at): ReferenceColumn => ({ name: `probability_${classes[at]}`, column: stored[at + 1]!, kind: "numeric" }),
  );
  return [label, ...probabilities];
}

function storedPredictions(target: string, { columns }: DatasetRef): string[] {
  const names = columns.map(({ name }) => name);
  return names.slice(names.indexOf(target) + 1);
}

async function performanceOf(store: DatasetStore, candidate: Profiled): Promise<MetricLevel | null> {
  const { config, classes, predictions } = candidate;
  const {
    task,
    features: { target },
    thresholds,
    seed,
  } = config;
  const stored = storedPredictions(target, predictions);
  const outcomes = await readOutcomes({
    files: [await store.path(predictions.fingerprint)],
    task,
    target,
    classes,
    predicted: classes.length === 0 ? stored.slice(0, 1) : stored.slice(1),
  });
  if (!outcomes) return null;
  const measured = measureMetric(thresholds.primary, outcomes.target, outcomes.predictions, seed);
  return "problem" in measured ? null : measured;
}
