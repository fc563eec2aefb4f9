import { SIDES } from "./histogram.ts";
import type { ColumnPlace, Kernel, MemoryMap } from "./kernel.ts";

/**
 * The rows of a growing tree, those of a node side by side and ascending, in a shard's memory. Every split parts the rows
 * of one node into those of its children, in place.
 */
export class NodeRows {
  readonly #kernel: Kernel;
  readonly #map: MemoryMap;
  readonly #order: Int32Array;
  readonly #scratch: Int32Array;
  readonly #sides: Uint8Array;
  readonly #begin: Int32Array;
  readonly #end: Int32Array;

  /** For at most `rows` rows and `nodes` nodes. */
  constructor(kernel: Kernel, map: MemoryMap, memory: ArrayBufferLike, rows: number, nodes: number) {
    this.#kernel = kernel;
    this.#map = map;
    this.#order = new Int32Array(memory, map.order, rows);
    this.#scratch = new Int32Array(memory, map.scratch, rows);
    this.#sides = new Uint8Array(memory, map.sides, SIDES);
    this.#begin = new Int32Array(nodes);
    this.#end = new Int32Array(nodes);
  }

  /** A new tree: node 0 has the rows of `all` that are `wanted`. */
  plant(all: Int32Array, wanted: ((row: number) => boolean) | null): void {
    let count = all.length;
    if (!wanted) this.#order.set(all);
    else {
      count = 0;
      for (const row of all) if (wanted(row)) this.#order[count++] = row;
    }
    this.#begin[0] = 0;
    this.#end[0] = count;
  }

  /** A view of a node's rows. */
  of(node: number): Int32Array {
    return this.#order.subarray(this.#begin[node]!, this.#end[node]!);
  }

  /** Where a node's rows are in the memory; `end` is exclusive. */
  addressOf(node: number): { begin: number; end: number } {
    return { begin: this.#address(this.#begin[node]!), end: this.#address(this.#end[node]!) };
  }

  #address(position: number): number {
    return this.#map.order + 4 * position;
  }

  /** Parts the rows of `node`: those whose code has a 1 in `goesLeft` become the rows of `left`, the others those of `right`. */
  split(node: number, left: number, right: number, { codes, shift }: ColumnPlace, goesLeft: Uint8Array): void {
    this.#sides.set(goesLeft);
    const { begin, end } = this.addressOf(node);
    const { scratch, sides } = this.#map;
    // An address above 2 GiB comes back negative.
    const firstRight = this.#kernel.partition(begin, end, scratch, sides, codes, shift) >>> 0;
    const middle = (firstRight - this.#map.order) / 4;
    this.#begin[left] = this.#begin[node]!;
    this.#end[left] = middle;
    this.#begin[right] = middle;
    this.#end[right] = this.#end[node]!;
    this.#order.set(this.#scratch.subarray(0, this.#end[right]! - middle), middle);
  }
}
