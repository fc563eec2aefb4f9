import { type DriftCells, totals } from "./cells.ts";

/** Share that an empty cell is taken to have, so that the PSI stays finite. */
const emptyShare = 1e-4;

function shares(cells: DriftCells): { reference: number[]; current: number[] } {
  const [before, now] = totals(cells);
  return {
    reference: cells.reference.map((rows) => rows / before),
    current: cells.current.map((rows) => rows / now),
  };
}

/**
 * Half the sum of the absolute differences of shares: the share of rows that would have to move to another cell. `raw` grows
 * with the number of cells by chance alone; `corrected` is less what two samples of these sizes would show on average
 * without drift, each cell's difference being about normal.
 */
export function totalVariation(cells: DriftCells): { raw: number; corrected: number } {
  const { reference, current } = shares(cells);
  const [before, now] = totals(cells);
  let raw = 0;
  let chance = 0;
  for (const [at, ours] of reference.entries()) {
    raw += Math.abs(ours - current[at]!) / 2;
    const share = (cells.reference[at]! + cells.current[at]!) / (before + now);
    chance += Math.sqrt((share * (1 - share) * (1 / before + 1 / now) * 2) / Math.PI) / 2;
  }
  return { raw, corrected: Math.max(0, raw - chance) };
}

/** Square root of the Jensen-Shannon divergence, natural logarithm: 0 for equal shares, √ln 2 for disjoint ones. */
export function jensenShannon(cells: DriftCells): number {
  const { reference, current } = shares(cells);
  const divergence = reference.reduce((sum, p, at) => {
    const q = current[at]!;
    const middle = (p + q) / 2;
    return sum + (towards(p, middle) + towards(q, middle)) / 2;
  }, 0);
  return Math.sqrt(Math.max(0, divergence));
}

function towards(share: number, middle: number): number {
  return share > 0 ? share * Math.log(share / middle) : 0;
}

/** Population stability index: Σ (reference − current) · ln(reference / current). */
export function populationStability(cells: DriftCells): number {
  const { reference, current } = shares(cells);
  return reference.reduce((sum, share, at) => {
    const before = Math.max(share, emptyShare);
    const now = Math.max(current[at]!, emptyShare);
    return sum + (before - now) * Math.log(before / now);
  }, 0);
}
