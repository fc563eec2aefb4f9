import type { HistogramLayout } from "./histogram.ts";

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
