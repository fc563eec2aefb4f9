/** Sums of so many rows are exact and fine enough; see HistogramLayout. */
export const MOST_ROWS = 2 ** 23;

/**
 * Sums per bin of the rows of a tree node. A cell is one number, `rows · countWeight + Σ gradient` in fixed point, so
 * that one addition counts a row and adds its gradient; `countWeight` is a power of two above twice any gradient sum, and
 * all sums stay below 2^53, hence exact. A loss whose second derivative varies has a second number per cell, Σ hessian.
 */
export interface HistogramLayout {
  /** First cell by column; a column has a cell per bin and a last one for missing values. */
  offsets: Int32Array;
  cells: number;
  /** Numbers per cell: 1, or 2 with hessians. */
  channels: 1 | 2;
  /** Columns whose bins have no order of their own. */
  isCategory: readonly boolean[];
}

export function histogramLayout(
  columns: readonly { bins: number; categories: unknown }[],
  channels: 1 | 2,
): HistogramLayout {
  const offsets = new Int32Array(columns.length);
  let cells = 0;
  columns.forEach(({ bins }, column) => {
    offsets[column] = cells;
    cells += bins + 1;
  });
  return { offsets, cells, channels, isCategory: columns.map(({ categories }) => categories !== null) };
}

/** How many cells a column has: one more than bins. */
export function cellsOf({ offsets, cells }: HistogramLayout, column: number): number {
  return (offsets[column + 1] ?? cells) - offsets[column]!;
}

/** A view of each column's part of a histogram. */
export function columnViews(histogram: Float64Array, layout: HistogramLayout): Float64Array[] {
  return Array.from(layout.offsets, (offset, column) => {
    const begin = offset * layout.channels;
    return histogram.subarray(begin, begin + cellsOf(layout, column) * layout.channels);
  });
}

/** One more than the largest bin code. */
export const SIDES = 256;

/** Rows of a node that are summed at a time: with their sums they stay in the cache while every column is added. */
export const BLOCK = 2048;

/** Histograms of one training take at most this many bytes; past it they are built again when needed, which changes no sum. */
const MOST_BYTES = 512 * 2 ** 20;

/** Memory for histograms of nodes that all threads see: as many as the widest tree needs, or as fit. */
export function nodeHistograms(layout: HistogramLayout, maxLeaves: number, mostBytes = MOST_BYTES): Float64Array[] {
  const cells = layout.cells * layout.channels;
  // Two are needed to split a node at all; every leaf keeps one, and one is being built.
  const count = Math.max(2, Math.min(maxLeaves + 1, Math.floor(mostBytes / (8 * cells))));
  return Array.from({ length: count }, () => new Float64Array(new SharedArrayBuffer(8 * cells)));
}

/** Lends the numbers of histograms that are free. */
export class HistogramPool {
  readonly #free: number[];

  constructor(count: number) {
    this.#free = Array.from({ length: count }, (_, slot) => slot);
  }

  /** A histogram with any content, or null when all are lent. */
  take(): number | null {
    return this.#free.pop() ?? null;
  }

  giveBack(slot: number): void {
    this.#free.push(slot);
  }
}
