/** A column with at most so many distinct values keeps them all, each with its count: nothing is lost then. */
export const mostExactValues = 1000;

const bins = 250;

/** Closer to the ends than the bins, because a few far values are much of a distance. */
const tails = [2e-3, 1e-3, 4e-4, 2e-4, 1e-4, 4e-5, 2e-5, 1e-5];

/** The quantiles a column with more distinct values is cut at, ascending from 0 to 1. */
export function gridProbabilities(): number[] {
  const inner = Array.from({ length: bins + 1 }, (_, at) => at / bins);
  return [...inner, ...tails, ...tails.map((tail) => 1 - tail)].sort((a, b) => a - b);
}

/**
 * Edges from a column's values at `gridProbabilities`: each rounded to about a tenth of the way to its neighbour, which keeps
 * the file small, outwards at the ends. Rows are counted on the rounded edges, so rounding costs no accuracy.
 */
export function gridEdges(quantiles: readonly number[]): number[] {
  const values = [...new Set(quantiles)];
  const edges = values.map((value, at) => {
    const gap = Math.min(value - (values[at - 1] ?? -Infinity), (values[at + 1] ?? Infinity) - value);
    if (at === 0) return rounded(value, gap, Math.floor);
    return rounded(value, gap, at === values.length - 1 ? Math.ceil : Math.round);
  });
  return [...new Set(edges)].sort((a, b) => a - b);
}

/** To a power of ten below the gap; the value itself where its magnitude hides such digits. */
function rounded(value: number, gap: number, round: (value: number) => number): number {
  if (!Number.isFinite(gap)) return value;
  const unit = 10 ** (Math.floor(Math.log10(gap)) - 1);
  const tidy = Number((round(value / unit) * unit).toPrecision(15));
  return Math.abs(tidy - value) <= unit * 1.001 &&
    (round !== Math.floor || tidy <= value) &&
    (round !== Math.ceil || tidy >= value)
    ? tidy
    : value;
}
