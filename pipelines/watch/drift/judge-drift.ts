import type { ModelConfig } from "../../config/model-config.ts";
import { benjaminiHochberg } from "../../statistics/tails/benjamini-hochberg.ts";
import type { CurrentWindow, Distribution, WindowColumn } from "../profile/distribution.ts";
import { type ColumnPast, fewestWindows, noPast, type Spread } from "../profile/past/past.ts";
import type { Profile } from "../profile/profile.ts";
import { shareOutside } from "./calendar.ts";
import { type ComparedColumn, compareColumn } from "./compare-column.ts";
import {
  alpha,
  type ColumnDrift,
  type ComparedPerformance,
  type CurrentPerformance,
  comparePerformance,
  type DriftResult,
  type Effect,
  type PerformanceDrift,
} from "./drift-result.ts";
import { featureWeights } from "./feature-weights.ts";

interface DriftInput {
  profile: Profile;
  window: CurrentWindow;
  /** null without labels. */
  performance: CurrentPerformance | null;
  drift: Pick<ModelConfig["drift"], "min_rows" | "share">;
}

/**
 * Judges one window by the calibrated method. A column drifts when the difference is large enough to matter and too large for
 * chance at this number of rows, all columns considered together. The model drifts when the weights of its drifting features
 * reach `drift.share`, when its predictions drift, or when it performs worse.
 */
export function judgeDrift({ profile, window, performance, drift }: DriftInput): DriftResult {
  const weights = featureWeights(profile.features);
  const pasts = pastsOf(profile, weights, drift.share);
  const features = profile.features.map(({ distribution }, at) =>
    compareFeature(distribution, window.features[at]!, pasts.features[at]),
  );
  const predictions = profile.predictions.map((each, at) =>
    withoutSeason(compareColumn(each, window.predictions[at]!, pasts.predictions[at]), profile),
  );
  const scored =
    profile.performance && performance
      ? comparePerformance(profile.performance, performance, profile.past?.performance)
      : null;
  const tooFewLabels = scored?.current != null && scored.current.rows < drift.min_rows;

  const tests = [
    ...testWeights(weights, drift.share).map((weight, at) => ({ weight, p: features[at]!.p })),
    ...predictions.map(({ p }) => ({ weight: 1 / predictions.length, p })),
    ...(scored ? [{ weight: 1, p: tooFewLabels ? null : scored.p }] : []),
  ];
  const adjusted = adjust(tests);
  const judgedFeatures = features.map((column, at) => judgeFeature(column, weights[at]!, adjusted[at]!));
  const judgedPredictions = predictions.map((column, at) => judgeColumn(column, 1, adjusted[features.length + at]!));
  const judgedPerformance = scored && judgePerformance(scored, adjusted.at(-1) ?? null, tooFewLabels);
  const drifting = judgedFeatures.reduce((sum, { verdict, weight }) => sum + (verdict === "drift" ? weight : 0), 0);
  const because: DriftResult["because"] = [
    ...(drifting > drift.share - 1e-9 ? (["features"] as const) : []),
    ...(judgedPredictions.some(({ verdict }) => verdict === "drift") ? (["prediction"] as const) : []),
    ...(judgedPerformance?.verdict === "drift" ? (["performance"] as const) : []),
  ];
  const enough = window.rows >= drift.min_rows;
  return {
    method: "calibrated",
    outcome: !enough ? "too few rows" : because.length > 0 ? "drift" : "clean",
    because: enough ? because : [],
    rows: { reference: profile.features[0]?.distribution.rows ?? 0, current: window.rows, least: drift.min_rows },
    alpha,
    share: { drifting, limit: drift.share },
    features: judgedFeatures.toSorted(worstFirst),
    predictions: judgedPredictions,
    performance: judgedPerformance,
    assumed: assumptions(profile),
    added: window.added,
    unwatched: profile.unwatched,
  };
}

/** A column of the calendar is told where it is; it moves with the time, as it must, so that its tests say nothing. */
function compareFeature(reference: Distribution, found: WindowColumn, past: ColumnPast | undefined): ComparedColumn {
  const compared = compareColumn(reference, found, past);
  if (!past || past.calendar === null) return compared;
  const effects = compared.effects.map((effect) => (isOfShares(effect) ? effect : { ...effect, exceeds: false }));
  const tests = effects.flatMap((effect) => (isOfShares(effect) && effect.p !== null ? [effect.p] : []));
  const p = tests.length > 0 ? Math.min(1, Math.min(...tests) * tests.length) : null;
  return { ...compared, effects, p, calendar: { of: past.calendar, outside: shareOutside(reference, found) } };
}

function isOfShares({ name }: Effect): boolean {
  return name === "missing" || name === "infinite";
}

/** Predictions of one season say nothing of those of another. */
function withoutSeason(compared: ComparedColumn, { unseasoned }: Profile): ComparedColumn {
  return unseasoned?.includes(compared.name) ? { ...compared, p: null } : compared;
}

/** Benjamini and Hochberg's adjusted p-values with weights, whose mean is 1 over what was tested. */
function adjust(tests: readonly { weight: number; p: number | null }[]): (number | null)[] {
  const tested = tests.filter(({ p }) => p !== null);
  const mean = tested.reduce((sum, { weight }) => sum + weight, 0) / tested.length;
  return benjaminiHochberg(tests.map(({ p, weight }) => (p === null ? null : Math.min(1, (p * mean) / weight))));
}

/** A feature that vanished or has other values drifts whatever the rows; a log may well leave out probabilities. */
function judgeFeature(column: ComparedColumn, weight: number, adjusted: number | null): ColumnDrift {
  const judged = judgeColumn(column, weight, adjusted);
  return column.state === "vanished" || column.state === "type changed" ? { ...judged, verdict: "drift" } : judged;
}

function judgeColumn(column: ComparedColumn, weight: number, adjusted: number | null): ColumnDrift {
  const significant = adjusted !== null && adjusted <= alpha;
  const drifts = significant && column.effects.some(({ exceeds }) => exceeds);
  return { ...column, weight, verdict: drifts ? "drift" : "stable", adjusted, significant };
}

function judgePerformance(
  { exceeds, ...compared }: ComparedPerformance,
  adjusted: number | null,
  tooFew: boolean,
): PerformanceDrift {
  const significant = adjusted !== null && adjusted <= alpha;
  const verdict = tooFew ? "too few rows" : significant && exceeds ? "drift" : "stable";
  return { ...compared, adjusted, significant, verdict };
}

function worstFirst(a: ColumnDrift, b: ColumnDrift): number {
  const drifts = Number(b.verdict === "drift") - Number(a.verdict === "drift");
  return drifts || b.weight - a.weight;
}

const least = 0.05;

/**
 * How much of the significance level a column gets: features that can make the model drift by themselves in full, others by
 * the square of how far they go towards it, so that columns of little use to the model do not hide those that matter
 * (Genovese, Roeder and Wasserman, 2006). The predictions and the performance get as much as one such feature.
 */
export function testWeights(weights: readonly number[], limit: number): number[] {
  return weights.map((weight) => Math.max(least, Math.min(1, weight / limit) ** 2));
}

/** The past that each column is judged by. */
interface Pasts {
  features: readonly (ColumnPast | undefined)[];
  predictions: readonly (ColumnPast | undefined)[];
}

/**
 * Few windows tell each column's own spread roughly, and what makes rows alike mostly makes all columns' rows alike: no column
 * is taken to be quieter than the middle one is. A test split that is the last part of the data has few whole windows; the
 * predictions may then do what the features do that can make the model drift by themselves.
 */
function pastsOf({ features, predictions, past }: Profile, weights: readonly number[], share: number): Pasts {
  const spreads = features.flatMap((feature) => feature.past?.spread ?? []);
  const middle = middleOf(spreads);
  const important = features.flatMap((each, at) => (weights[at]! >= share && each.past ? [each.past] : []));
  const most = important.flatMap(({ spread }) => spread ?? []).toSorted((a, b) => b.values - a.values)[0];
  const groups = Math.max(0, ...important.map((each) => each.groups));
  return {
    features: features.map(({ past: own }) => own && { ...own, spread: own.spread && wider(own.spread, middle) }),
    predictions: predictions.map((_, at) => {
      const own = past?.predictions[at];
      const known = own?.spread && wider(own.spread, middle);
      const spread = known && (known.windows >= fewestWindows || !most) ? known : wider(most ?? null, known ?? null);
      return spread || own || groups > 0
        ? { ...noPast, ...own, spread, groups: Math.max(groups, own?.groups ?? 0) }
        : own;
    }),
  };
}

function wider(own: Spread | null, other: Pick<Spread, "values" | "shares"> | null): Spread | null {
  if (!own || !other) return own;
  return { ...own, values: Math.max(own.values, other.values), shares: Math.max(own.shares, other.shares) };
}

function middleOf(spreads: readonly Spread[]): Pick<Spread, "values" | "shares"> | null {
  if (spreads.length === 0) return null;
  const middle = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
  return { values: middle(spreads.map(({ values }) => values)), shares: middle(spreads.map(({ shares }) => shares)) };
}

/** What a verdict takes for granted because the reference is too short, or not known well enough, to say. Sentences without an end. */
function assumptions({ features, past, unseasoned }: Profile): string[] {
  const watched = features.filter((feature) => feature.past?.calendar == null);
  const spreads = watched.flatMap((feature) => feature.past?.spread ?? []);
  const groups = watched.some((feature) => (feature.past?.groups ?? 0) > 0);
  const rows = groups ? "groups" : "rows";
  return [
    ...(watched.length > 0 && spreads.length === 0
      ? [
          `The ${rows} are taken to be independent of each other: the reference ${past ? "has too few whole windows" : "does not say when its rows happened"}, so that what windows do without drift is not known`,
        ]
      : []),
    ...(unseasoned && unseasoned.length > 0
      ? [
          "The predictions are not judged: the test split is less than a year, so that they have no season to be compared with",
        ]
      : []),
  ];
}
