import { type Distribution, presentRows } from "../profile/distribution.ts";
import { compareCategories } from "./compare-categories.ts";
import { compareNumbers } from "./compare-numbers.ts";
import type { Comparison } from "./comparison.ts";
import type { WindowColumn } from "./current-window.ts";
import type { ColumnFacts } from "./drift-result.ts";

/** What a column of the window is against the profile's, before the other columns are considered. */
export interface ComparedColumn extends Comparison {
  name: string;
  kind: Distribution["kind"];
  state: "compared" | "vanished" | "type changed" | "not compared";
  reference: ColumnFacts;
  current: ColumnFacts | null;
}

/** Compares what can be compared; a column that vanished or changed its type has no statistics. */
export function compareColumn(reference: Distribution, found: WindowColumn): ComparedColumn {
  const about = { name: reference.name, kind: reference.kind, reference: factsOf(reference) };
  const nothing = { effects: [], p: null, statistics: {}, shape: [] };
  if (found.state !== "counted") return { ...about, ...nothing, state: found.state, current: null };
  const { distribution: current } = found;
  const facts = { ...about, current: factsOf(current) };
  if (presentRows(reference) === 0 && presentRows(current) === 0)
    return { ...facts, ...nothing, state: "not compared" };
  return { ...facts, ...compare(reference, current), state: "compared" };
}

function compare(reference: Distribution, current: Distribution): Comparison {
  if (reference.kind === "numeric" && current.kind === "numeric") return compareNumbers(reference, current);
  if (reference.kind === "category" && current.kind === "category") return compareCategories(reference, current);
  throw new Error(`column ${reference.name} was counted as ${current.kind}, but its profile is ${reference.kind}`);
}

function factsOf(column: Distribution): ColumnFacts {
  const share = (count: number) => (column.rows === 0 ? 0 : count / column.rows);
  const { rows } = column;
  if (column.kind === "category") {
    const unseen = column.unlisted.slice(0, 5).map(({ value, rows: count }) => ({ value, share: share(count) }));
    const none = { infinite: 0, mean: null, deviation: null, min: null, max: null };
    return { rows, missing: share(column.missing), ...none, unseen };
  }
  const { missing, infinite, mean, deviation, min, max } = column;
  return { rows, missing: share(missing), infinite: share(infinite), mean, deviation, min, max, unseen: [] };
}
