import type { Directions } from "./monotone.ts";

/** What the leaf values below a node must lie between, before the learning rate. */
export interface LeafBounds {
  low: number;
  high: number;
}

export const FREE: LeafBounds = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };

export function clip(value: number, { low, high }: LeafBounds): number {
  return Math.max(low, Math.min(high, value));
}

/**
 * Bounds by node of a growing tree, under monotone constraints. Where a node splits on a constrained column, all leaves on one side stay
 * on one side of the mean of the children's values: scikit-learn's rule and LightGBM's `basic`.
 */
export class ValueBounds {
  readonly #directions: Directions | null;
  readonly #bounds: LeafBounds[] = [];

  constructor(directions: Directions | null) {
    this.#directions = directions;
  }

  of(node: number): LeafBounds {
    return this.#bounds[node] ?? FREE;
  }

  /** Bounds the nodes `left` and `left + 1`, which have these values, after `node` was split on `column`. */
  split(node: number, column: number, left: number, values: readonly [number, number]): void {
    if (!this.#directions) return;
    const own = this.of(node);
    const direction = this.#directions[column]!;
    const middle = values[0] / 2 + values[1] / 2;
    const [below, above] = [
      { ...own, high: middle },
      { ...own, low: middle },
    ];
    if (direction === 0) [this.#bounds[left], this.#bounds[left + 1]] = [own, own];
    else if (direction > 0) [this.#bounds[left], this.#bounds[left + 1]] = [below, above];
    else [this.#bounds[left], this.#bounds[left + 1]] = [above, below];
  }
}
