import { type CategoryDistribution, presentRows } from "../profile/distribution.ts";
import type { ShapeBar } from "./drift-result.ts";

const bars = 10;

/** The categories that are the most rows of both sides together, and the rest as one bar. Both sides must have values. */
export function categoryShape(reference: CategoryDistribution, current: CategoryDistribution): ShapeBar[] {
  const [before, now] = [presentRows(reference), presentRows(current)];
  const known = reference.categories.map(({ value, rows }, at) => ({
    label: value,
    reference: rows / before,
    current: current.categories[at]!.rows / now,
  }));
  const unseen = reference.buckets ? [] : current.unlisted;
  const all = [...known, ...unseen.map(({ value, rows }) => ({ label: value, reference: 0, current: rows / now }))];
  const most = (bar: ShapeBar) => bar.reference + bar.current;
  const shown = all.toSorted((a, b) => most(b) - most(a)).slice(0, all.length > bars ? bars - 1 : bars);
  const rest = (side: "reference" | "current") => 1 - shown.reduce((sum, bar) => sum + bar[side], 0);
  const other = { label: "other", reference: rest("reference"), current: rest("current") };
  return most(other) > 1e-9 ? [...shown, other] : shown;
}
