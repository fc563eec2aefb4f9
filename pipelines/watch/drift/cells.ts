import type { CategoryDistribution } from "../profile/distribution.ts";

/** Rows of the two sides in the same cells: categories, buckets or bins. */
export interface DriftCells {
  reference: readonly number[];
  current: readonly number[];
}

/**
 * The rows by category: what the reference lists, what of the window it does not list, and the rest. With too many categories
 * to list, by bucket. Every category is a cell of its own whichever side it was seen on, so that pooling the rare ones by the
 * rows of both sides together treats the sides alike.
 */
export function categoryCells(reference: CategoryDistribution, current: CategoryDistribution): DriftCells {
  if (reference.buckets && current.buckets) return { reference: reference.buckets, current: current.buckets };
  const unlisted = current.unlisted.map(({ rows }) => rows);
  const rest = current.other - unlisted.reduce((sum, rows) => sum + rows, 0);
  return {
    reference: [...reference.categories.map(({ rows }) => rows), ...unlisted.map(() => 0), reference.other],
    current: [...current.categories.map(({ rows }) => rows), ...unlisted, rest],
  };
}

/** Rows of either side. */
export function totals({ reference, current }: DriftCells): [number, number] {
  const sum = (rows: readonly number[]) => rows.reduce((all, each) => all + each, 0);
  return [sum(reference), sum(current)];
}

const fewest = 5;

/**
 * Puts the cells in which either side would be expected to have fewer than 5 rows into one, as the chi-square test needs
 * (Cochran, 1954). By the rows of both sides together, because choosing by one side would favour it.
 */
export function poolRareCells(cells: DriftCells): DriftCells {
  const [before, now] = totals(cells);
  const least = (fewest * (before + now)) / Math.min(before, now);
  const kept: [number, number][] = [];
  const rare: [number, number] = [0, 0];
  for (const [at, ours] of cells.reference.entries()) {
    const theirs = cells.current[at]!;
    if (ours + theirs >= least) kept.push([ours, theirs]);
    else {
      rare[0] += ours;
      rare[1] += theirs;
    }
  }
  if (rare[0] + rare[1] >= least || kept.length === 0) kept.push(rare);
  else addToSmallest(kept, rare);
  return { reference: kept.map(([ours]) => ours), current: kept.map(([, theirs]) => theirs) };
}

function addToSmallest(kept: [number, number][], [ours, theirs]: [number, number]): void {
  const smallest = kept.reduce((least, cell) => (cell[0] + cell[1] < least[0] + least[1] ? cell : least));
  smallest[0] += ours;
  smallest[1] += theirs;
}
