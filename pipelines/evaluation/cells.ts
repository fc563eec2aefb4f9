import { below, type Random } from "../statistics/random.ts";

/** Rows put into groups that the bootstrap draws as one. */
export interface Cells {
  count: number;
  /** The cell of each row. */
  of: Uint16Array;
  /** Rows in each cell. */
  sizes: Float64Array;
}

/**
 * Each row its own cell while there are at most `limit` rows, else rows assigned to `limit` cells at random.
 *
 * Independent rows in random cells make independent, identically distributed cells, so drawing cells with replacement is
 * the ordinary bootstrap of cell totals: the method of random groups (Wolter, Introduction to Variance Estimation, 2007,
 * ch. 2). Its spread estimates the same standard error, itself uncertain by about 1/√(2·cells): 1.6% for 2,000. Cells are
 * drawn, not cut from the row order, because equal rows are neighbours in that order and would make cells alike or unlike.
 */
export function randomCells(rows: number, limit: number, random: Random): Cells {
  const count = Math.min(rows, limit);
  const of = new Uint16Array(rows);
  const sizes = new Float64Array(count);
  for (let row = 0; row < rows; row++) {
    const cell = rows <= limit ? row : below(random, limit);
    of[row] = cell;
    sizes[cell]! += 1;
  }
  return { count, of, sizes };
}

/**
 * Rows of one cluster in one cell: their errors are alike, so that only whole clusters are drawn independently (the cluster
 * bootstrap: Field & Welsh, Bootstrapping clustered data, JRSS B 2007). Each has its own cell while there are at most
 * `limit`, else clusters are assigned at random. `clusters` has a number of each row's.
 */
function clusterCells(clusters: Int32Array, limit: number, random: Random): Cells {
  const numbers = new Map<number, number>();
  for (const each of clusters) if (!numbers.has(each)) numbers.set(each, numbers.size);
  const { count, of: cellOf } = randomCells(numbers.size, limit, random);
  const of = Uint16Array.from(clusters, (each) => cellOf[numbers.get(each)!]!);
  const sizes = new Float64Array(count);
  for (const cell of of) sizes[cell]! += 1;
  return { count, of, sizes };
}

/** Each cluster, or without clusters each row, as one. */
export function drawnCells(rows: number, clusters: Int32Array | null, limit: number, random: Random): Cells {
  return clusters ? clusterCells(clusters, limit, random) : randomCells(rows, limit, random);
}

/** How many different clusters there are. */
export function countClusters(clusters: Int32Array): number {
  return new Set(clusters).size;
}

/** All rows in one cell: for a score without an interval. */
export function oneCell(rows: number): Cells {
  return { count: 1, of: new Uint16Array(rows), sizes: Float64Array.of(rows) };
}

/** Weights that count every cell once: the score of the rows themselves. */
export function everyCellOnce(cells: Cells): Uint16Array {
  return new Uint16Array(cells.count).fill(1);
}

/**
 * Σ weight·sum over cells. Four running totals, because a floating-point addition waits for the one before: this loop is
 * most of the bootstrap's time.
 */
export function weightedSum(sums: Float64Array, weights: Uint16Array): number {
  let first = 0;
  let second = 0;
  let third = 0;
  let fourth = 0;
  const whole = sums.length - (sums.length % 4);
  for (let cell = 0; cell < whole; cell += 4) {
    first += sums[cell]! * weights[cell]!;
    second += sums[cell + 1]! * weights[cell + 1]!;
    third += sums[cell + 2]! * weights[cell + 2]!;
    fourth += sums[cell + 3]! * weights[cell + 3]!;
  }
  for (let cell = whole; cell < sums.length; cell++) first += sums[cell]! * weights[cell]!;
  return first + second + (third + fourth);
}
