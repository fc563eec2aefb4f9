// Loops over many rows run in blocks: a function that is called often is compiled whole, while one that runs for long is
// compiled in mid-loop (on-stack replacement), to slower code, and again at every call.
const BLOCK = 8192;

/**
 * The rows of a growing tree, those of a node side by side and ascending. Every split parts the rows of one node into
 * those of its children, in place.
 */
export class NodeRows {
  readonly #order: Int32Array;
  readonly #scratch: Int32Array;
  readonly #begin: Int32Array;
  readonly #end: Int32Array;

  /** For at most `rows` rows and `nodes` nodes. */
  constructor(rows: number, nodes: number) {
    this.#order = new Int32Array(rows);
    this.#scratch = new Int32Array(rows);
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

  /** Parts the rows of `node`: those whose code has a 1 in `goesLeft` become the rows of `left`, the others those of `right`. */
  split(node: number, left: number, right: number, codes: Uint8Array, goesLeft: Uint8Array): void {
    const begin = this.#begin[node]!;
    const end = this.#end[node]!;
    const rows = this.of(node);
    let lefts = 0;
    for (let from = 0; from < rows.length; from += BLOCK) {
      const to = Math.min(from + BLOCK, rows.length);
      lefts = partition(rows, from, to, lefts, this.#scratch, codes, goesLeft);
    }
    rows.set(this.#scratch.subarray(0, rows.length - lefts), lefts);
    this.#begin[left] = begin;
    this.#end[left] = begin + lefts;
    this.#begin[right] = begin + lefts;
    this.#end[right] = end;
  }
}

/**
 * Moves rows[from..to) that go left to the front, where there are `lefts` already, and the others to `scratch`; gives
 * how many are left. Four rows a turn, which takes a third less time. Writes every row to both, since a branch would be mispredicted half of the time.
 */
function partition(
  rows: Int32Array,
  from: number,
  to: number,
  lefts: number,
  scratch: Int32Array,
  codes: Uint8Array,
  goesLeft: Uint8Array,
): number {
  let left = lefts;
  let i = from;
  for (; i + 4 <= to; i += 4) {
    const row0 = rows[i]!;
    const row1 = rows[i + 1]!;
    const row2 = rows[i + 2]!;
    const row3 = rows[i + 3]!;
    rows[left] = row0;
    scratch[i - left] = row0;
    left += goesLeft[codes[row0]!]!;
    rows[left] = row1;
    scratch[i + 1 - left] = row1;
    left += goesLeft[codes[row1]!]!;
    rows[left] = row2;
    scratch[i + 2 - left] = row2;
    left += goesLeft[codes[row2]!]!;
    rows[left] = row3;
    scratch[i + 3 - left] = row3;
    left += goesLeft[codes[row3]!]!;
  }
  for (; i < to; i++) {
    const row = rows[i]!;
    rows[left] = row;
    scratch[i - left] = row;
    left += goesLeft[codes[row]!]!;
  }
  return left;
}
