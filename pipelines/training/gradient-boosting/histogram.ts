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

/** A view of each column's part of a histogram. */
export function columnViews(histogram: Float64Array, layout: HistogramLayout): Float64Array[] {
  return Array.from(layout.offsets, (offset, column) => {
    const end = layout.offsets[column + 1] ?? layout.cells;
    return histogram.subarray(offset * layout.channels, end * layout.channels);
  });
}

/** Rows of a node that are summed at a time: with their sums they stay in the cache while every column is added. */
export const BLOCK = 2048;

/** A block of rows of one node. */
export interface RowBlock {
  /** How many of `rows` and `sums` are in use. */
  count: number;
  rows: Int32Array;
  /** What a row adds to a cell, `channels` numbers each. */
  sums: Float64Array;
}

/**
 * Adds a block to the histograms of `columns`. Several columns are added in one pass because the row index and the
 * gradient are then loaded once for all of them.
 */
export function addBlock(
  columns: Int32Array,
  histograms: readonly Float64Array[],
  codes: readonly Uint8Array[],
  { count, rows, sums }: RowBlock,
  channels: 1 | 2,
): void {
  const h = (i: number) => histograms[columns[i]!]!;
  const c = (i: number) => codes[columns[i]!]!;
  let i = 0;
  if (channels === 1) {
    for (; i + 4 <= columns.length; i += 4) {
      addFour(h(i), c(i), h(i + 1), c(i + 1), h(i + 2), c(i + 2), h(i + 3), c(i + 3), rows, sums, count);
    }
    for (; i + 2 <= columns.length; i += 2) addTwo(h(i), c(i), h(i + 1), c(i + 1), rows, sums, count);
    for (; i < columns.length; i++) addOne(h(i), c(i), rows, sums, count);
    return;
  }
  for (; i + 2 <= columns.length; i += 2) addTwoPairs(h(i), c(i), h(i + 1), c(i + 1), rows, sums, count);
  for (; i < columns.length; i++) addOnePairs(h(i), c(i), rows, sums, count);
}

type H = Float64Array;
type C = Uint8Array;
type R = Int32Array;

function addFour(h0: H, c0: C, h1: H, c1: C, h2: H, c2: C, h3: H, c3: C, rows: R, sums: H, count: number): void {
  for (let i = 0; i < count; i++) {
    const row = rows[i]!;
    const sum = sums[i]!;
    h0[c0[row]!]! += sum;
    h1[c1[row]!]! += sum;
    h2[c2[row]!]! += sum;
    h3[c3[row]!]! += sum;
  }
}

function addTwo(h0: H, c0: C, h1: H, c1: C, rows: R, sums: H, count: number): void {
  for (let i = 0; i < count; i++) {
    const row = rows[i]!;
    const sum = sums[i]!;
    h0[c0[row]!]! += sum;
    h1[c1[row]!]! += sum;
  }
}

function addOne(h: H, c: C, rows: R, sums: H, count: number): void {
  for (let i = 0; i < count; i++) h[c[rows[i]!]!]! += sums[i]!;
}

function addTwoPairs(h0: H, c0: C, h1: H, c1: C, rows: R, sums: H, count: number): void {
  for (let i = 0; i < count; i++) {
    const row = rows[i]!;
    const sum = sums[2 * i]!;
    const hessian = sums[2 * i + 1]!;
    const k0 = 2 * c0[row]!;
    const k1 = 2 * c1[row]!;
    h0[k0]! += sum;
    h0[k0 + 1]! += hessian;
    h1[k1]! += sum;
    h1[k1 + 1]! += hessian;
  }
}

function addOnePairs(h: H, c: C, rows: R, sums: H, count: number): void {
  for (let i = 0; i < count; i++) {
    const k = 2 * c[rows[i]!]!;
    h[k]! += sums[2 * i]!;
    h[k + 1]! += sums[2 * i + 1]!;
  }
}
