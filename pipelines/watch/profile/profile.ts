import type { Task } from "../../config/model-config.ts";
import type { FeatureSpec } from "../../data/table.ts";
import type { LossModel } from "../performance/estimate/loss-model.ts";
import { coarsenings, type Distribution } from "./distribution.ts";
import { type ColumnPast, pastLine, type ReferencePast } from "./past/past.ts";
import { lineOf, writeProfile } from "./profile-file.ts";
import type { ReferenceTimes } from "./reference-times.ts";

/** A version's reference distributions: all that drift needs to know of the data it was trained and judged on. */
export interface Profile {
  format: 1;
  task: Task;
  /** Empty for a regression. */
  classes: readonly string[];
  target: string;
  /** Of the train split, in the order of the query. Their edges reach from the least value or a little below to the most or above. */
  features: readonly FeatureProfile[];
  /** How many features did not fit into the file, the least important. */
  unwatched: number;
  /** Of the model's predictions on the test split, which it was not trained on: `prediction`, or `label` and `probability_<class>`. */
  predictions: readonly Distribution[];
  /** The target in the train split; class shares are those of a classification. */
  outcome: Distribution;
  /** The primary metric on the test split; null when it had no value. */
  performance: MetricLevel | null;
  /** When the rows of both splits happened; null when that is not known. */
  times: ReferenceTimes | null;
  /** What earlier windows did; profiles of earlier versions of mergeml, and references without times, lack it. */
  past?: ReferencePast;
  /** What the loss depends on, for when there are no labels; profiles of earlier versions of mergeml lack it. */
  estimate?: LossModel;
  /** Of a profile as it is at a time of the year: the predictions of which that is not known, because their test split is no year. */
  unseasoned?: readonly string[];
}

export interface FeatureProfile {
  kind: FeatureSpec["kind"];
  /** Share of the trainer's importance, 0..1; null when it gave none. */
  importance: number | null;
  distribution: Distribution;
  past?: ColumnPast;
}

/** A metric on some rows with its bootstrap interval and standard error. */
export interface MetricLevel {
  metric: string;
  direction: "min" | "max";
  rows: number;
  value: number;
  low: number;
  high: number;
  /** Standard error of the value. */
  error: number;
  /** Of the interval, 0..1. */
  confidence: number;
}

/** A profile lies beside every version in git, so it may not grow with the data. */
const mostProfileBytes = 200_000;

/** A column's ways to be written, the coarsest first, with what each costs. */
interface Item {
  /** Larger is refined first. */
  importance: number;
  levels: readonly { column: Distribution; bytes: number }[];
}

/**
 * Writes the columns of a profile as finely as its bytes allow: all of them a step finer, and again, the most important first
 * when it is not enough for all. Features that do not fit even at their coarsest are left out, the least important first.
 */
export function fitProfile(everything: Profile, bytes = mostProfileBytes): Profile {
  const finest = fitSeasons(everything, bytes * seasonShare);
  const frame = writeProfile({ ...finest, features: [], predictions: [], outcome: nothing }).length + 1000;
  const shown = [...finest.predictions, finest.outcome].map((column) => itemOf(column, Number.POSITIVE_INFINITY));
  const features = finest.features.map(({ distribution, importance, past }) =>
    itemOf(distribution, importance ?? 0, past ? JSON.stringify(pastLine(past)).length : 0),
  );
  const kept = dropUnimportant(shown, features, bytes - frame);
  const chosen = refine([...shown, ...kept], bytes - frame);
  const column = (item: Item) => chosen.get(item)!;
  return {
    ...finest,
    features: finest.features.flatMap((feature, at) => {
      const item = features[at]!;
      return kept.has(item) ? [{ ...feature, distribution: column(item) }] : [];
    }),
    unwatched: finest.unwatched + features.length - kept.size,
    predictions: finest.predictions.map((_, at) => column(shown[at]!)),
    outcome: column(shown.at(-1)!),
  };
}

/** Of the bytes, what the seasons may take. */
const seasonShare = 0.35;

/** Seasons of the predictions and of the most important features, as far as they fit. */
function fitSeasons(profile: Profile, bytes: number): Profile {
  let left = bytes;
  const fitting = (past: ColumnPast): ColumnPast => {
    if (!past.season) return past;
    left -= Buffer.byteLength(JSON.stringify(pastLine(past)));
    return left < 0 ? { ...past, season: null } : past;
  };
  const { past } = profile;
  const predictions = past?.predictions.map(fitting);
  const byImportance = profile.features.toSorted((a, b) => (b.importance ?? 0) - (a.importance ?? 0));
  const fitted = new Map(byImportance.map((feature) => [feature, feature.past && fitting(feature.past)]));
  return {
    ...profile,
    ...(past && predictions && { past: { ...past, predictions } }),
    features: profile.features.map((feature) => {
      const own = fitted.get(feature);
      return own ? { ...feature, past: own } : feature;
    }),
  };
}

const nothing: Distribution = {
  name: "",
  kind: "category",
  rows: 0,
  missing: 0,
  categories: [],
  other: 0,
  unlisted: [],
  buckets: null,
};

/** What a feature's line has beside its distribution. */
const aboutFeature = 40;

function itemOf(finest: Distribution, importance: number, beside = 0): Item {
  const levels = coarsenings(finest).map((column) => ({
    column,
    bytes: Buffer.byteLength(JSON.stringify(lineOf(column))) + aboutFeature + beside,
  }));
  // A coarser way that is no shorter is no way to save.
  const useful = levels.filter(({ bytes }, at) => levels.slice(0, at).every((finer) => bytes < finer.bytes));
  return { importance, levels: useful.reverse() };
}

function dropUnimportant(shown: readonly Item[], features: readonly Item[], bytes: number): Set<Item> {
  let left = bytes - shown.reduce((sum, { levels }) => sum + levels[0]!.bytes, 0);
  const kept = new Set<Item>();
  for (const item of features.toSorted((a, b) => b.importance - a.importance)) {
    left -= item.levels[0]!.bytes;
    if (left < 0) break;
    kept.add(item);
  }
  return kept;
}

function refine(items: readonly Item[], bytes: number): Map<Item, Distribution> {
  const level = new Map(items.map((item) => [item, 0]));
  let left = bytes - items.reduce((sum, { levels }) => sum + levels[0]!.bytes, 0);
  const ordered = items.toSorted((a, b) => (b.importance > a.importance ? 1 : b.importance < a.importance ? -1 : 0));
  const finest = Math.max(...items.map(({ levels }) => levels.length));
  for (let step = 1; step < finest; step++) {
    for (const item of ordered) {
      const [now, next] = [item.levels[step - 1], item.levels[step]];
      if (!now || !next || level.get(item) !== step - 1 || next.bytes - now.bytes > left) continue;
      left -= next.bytes - now.bytes;
      level.set(item, step);
    }
  }
  return new Map(items.map((item) => [item, item.levels[level.get(item)!]!.column]));
}
