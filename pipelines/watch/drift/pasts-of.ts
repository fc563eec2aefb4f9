import { type ColumnPast, fewestWindows, noPast, type Spread } from "../profile/past/past.ts";
import type { Profile } from "../profile/profile.ts";

/** The past that each column is judged by. */
export interface Pasts {
  features: readonly (ColumnPast | undefined)[];
  predictions: readonly (ColumnPast | undefined)[];
}

/**
 * Few windows tell each column's own spread roughly, and what makes rows alike mostly makes all columns' rows alike: no column
 * is taken to be quieter than the middle one is. A test split that is the last part of the data has few whole windows; the
 * predictions may then do what the features do that can make the model drift by themselves.
 */
export function pastsOf({ features, predictions, past }: Profile, weights: readonly number[], share: number): Pasts {
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
