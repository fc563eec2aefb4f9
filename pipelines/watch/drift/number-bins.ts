import { formatNumber } from "../../statistics/format-number.ts";
import { type NumericDistribution, presentRows } from "../profile/distribution.ts";
import type { DriftCells } from "./cells.ts";
import type { ShapeBar } from "./drift-result.ts";

const bins = 10;

/** Both sides in at most ten bins that hold about as many of the reference's rows each, and what lies beyond its edges. */
export interface NumberBins {
  cells: DriftCells;
  shape: readonly ShapeBar[];
}

/** Both sides must have values. */
export function numberBins(reference: NumericDistribution, current: NumericDistribution): NumberBins {
  const cuts = cutsOf(reference);
  const cells = { reference: sumUpTo(reference.counts, cuts), current: sumUpTo(current.counts, cuts) };
  const [before, now] = [presentRows(reference), presentRows(current)];
  const labels = cuts.map((at, bin) => label(reference, bin === 0 ? null : cuts[bin - 1]!, at));
  labels.push(`> ${formatNumber(reference.edges.at(-1)!)}`);
  const shape = labels.map((each, bin) => ({
    label: each,
    reference: cells.reference[bin]! / before,
    current: cells.current[bin]! / now,
  }));
  return { cells, shape: shape.filter((bar) => bar.reference > 0 || bar.current > 0) };
}

/** Positions of the edges that end a bin. */
function cutsOf({ edges, counts }: NumericDistribution): number[] {
  if (edges.length <= bins) return edges.map((_, at) => at);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const cuts: number[] = [];
  let sum = 0;
  for (let at = 0; at < edges.length; at++) {
    sum += counts[at]!;
    if (sum * bins >= (cuts.length + 1) * total || at === edges.length - 1) cuts.push(at);
  }
  return cuts;
}

function sumUpTo(counts: readonly number[], cuts: readonly number[]): number[] {
  const ends = [...cuts, counts.length - 1];
  return ends.map((end, bin) =>
    counts.slice(bin === 0 ? 0 : ends[bin - 1]! + 1, end + 1).reduce((sum, count) => sum + count, 0),
  );
}

function label({ edges, equal }: NumericDistribution, from: number | null, to: number): string {
  const end = formatNumber(edges[to]!);
  // A bin between neighbouring values of an exact reference is one value.
  if (equal !== null && (from ?? -1) === to - 1) return end;
  return from === null ? `≤ ${end}` : `${formatNumber(edges[from]!)}–${end}`;
}
