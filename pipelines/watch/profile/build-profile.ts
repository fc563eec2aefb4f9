import { dirname } from "node:path";
import type { DatasetRef } from "../../data/dataset.ts";
import type { DatasetStore } from "../../data/dataset-store.ts";
import { machineError, openSession, quoteText } from "../../data/engines/tables.ts";
import type { CandidateRecord } from "../../registry/version-record.ts";
import { measureMetric } from "../performance/measure-metric.ts";
import { readOutcomes } from "../performance/read-outcomes.ts";
import { describeDistributions, type ReferenceColumn } from "./describe-distributions.ts";
import type { Distribution } from "./distribution.ts";
import { fitProfile } from "./fit-profile.ts";
import type { MetricLevel, Profile } from "./profile.ts";
import { referenceTimes } from "./reference-times.ts";

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
  const { config, features, classes, train, importance } = candidate;
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
  const described = await describe(store, train, [...columns, outcome]);
  const predicted = store.has(candidate.predictions.fingerprint);
  const shares = new Map(importance.map(({ feature, share }) => [feature, share]));
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
      distribution: described[at]!,
    })),
    predictions: predicted ? await describe(store, candidate.predictions, predictionColumns(candidate)) : [],
    outcome: described.at(-1)!,
    times: await referenceTimes(store, candidate),
  });
}

/** One thread, because sums of floating-point numbers depend on the order. */
async function describe(
  store: DatasetStore,
  { fingerprint }: DatasetRef,
  columns: readonly ReferenceColumn[],
): Promise<Distribution[]> {
  const file = store.path(fingerprint);
  using session = await openSession({ readable: [dirname(file)], threads: 1 });
  try {
    return (await describeDistributions(session, `read_parquet(${quoteText(file)})`, columns)).map(withRoundMoments);
  } catch (error) {
    throw machineError(error, `to describe the columns of ${file}`) ?? error;
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
    files: [store.path(predictions.fingerprint)],
    task,
    target,
    classes,
    predicted: classes.length === 0 ? stored.slice(0, 1) : stored.slice(1),
  });
  if (!outcomes) return null;
  const measured = measureMetric(thresholds.primary, outcomes.target, outcomes.predictions, seed);
  return "problem" in measured ? null : measured;
}
