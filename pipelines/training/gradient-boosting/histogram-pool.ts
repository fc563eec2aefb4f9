import type { HistogramLayout } from "./histogram.ts";
import { columnViews } from "./histogram.ts";

/** Histograms of one training take at most this many bytes; past it they are built again when needed, which changes no sum. */
const MOST_BYTES = 512 * 2 ** 20;

/** The sums of one node over all shards. */
export interface NodeHistogram {
  cells: Float64Array;
  /** Part of each column. */
  views: readonly Float64Array[];
}

/** Lends histograms, so that a training allocates as many as the widest tree needs and no more. */
export class HistogramPool {
  readonly #layout: HistogramLayout;
  readonly #free: NodeHistogram[] = [];
  #left: number;

  constructor(layout: HistogramLayout, mostBytes = MOST_BYTES) {
    this.#layout = layout;
    // Two are needed to split a node at all.
    this.#left = Math.max(2, Math.floor(mostBytes / (8 * layout.cells * layout.channels)));
  }

  /** A histogram with any content, or null when all are lent. */
  take(): NodeHistogram | null {
    const free = this.#free.pop();
    if (free) return free;
    if (this.#left === 0) return null;
    this.#left--;
    const cells = new Float64Array(this.#layout.cells * this.#layout.channels);
    return { cells, views: columnViews(cells, this.#layout) };
  }

  giveBack(histogram: NodeHistogram): void {
    this.#free.push(histogram);
  }
}

/** Writes the sum of the shards' histograms to `into`; the sums are exact, so the number of shards does not show. */
export function addShards(shards: readonly Float64Array[], into: Float64Array): void {
  into.set(shards[0]!);
  for (const shard of shards.slice(1)) for (let i = 0; i < into.length; i++) into[i]! += shard[i]!;
}

/** Takes one child's sums from its parent's, which leaves the other child's. */
export function subtract(from: Float64Array, child: Float64Array): void {
  for (let i = 0; i < from.length; i++) from[i]! -= child[i]!;
}
