import compile from "watr/compile";

/** Bytes of a node, a line of the cache. */
export const NODE_BYTES = 64;
/** Where a node has what: address of the codes of its column, of the child for a 0 (that for a 1 is behind it), what a leaf adds, and a bit for each code. */
export const NODE = { codes: 0, child: 4, value: 8, sides: 16 } as const;
/** Rows that go down a tree side by side, so that one's loads need not wait for another's. */
export const LANES = 8;

/**
 * Sends rows down one tree: adds to each row's sum what its leaf says. Addresses are in bytes; `rows` is a multiple of `LANES`,
 * and `codes` a byte a row beside the address that a node has. A leaf's children are itself, whatever the code.
 */
export type AddTree = (root: number, rows: number, sums: number) => void;

/** The loop on a memory. In WebAssembly, because a load there has no bounds check and rows stay in registers. */
export function openForestKernel(memory: WebAssembly.Memory): AddTree {
  module ??= new WebAssembly.Module(compile(TEXT));
  const { exports } = new WebAssembly.Instance(module, { forest: { memory } });
  return exports.add as AddTree;
}

let module: WebAssembly.Module | undefined;

const lanes = Array.from({ length: LANES }, (_, lane) => lane);
const step = (lane: number) => `
  (local.set $code (i32.load8_u offset=${lane} (i32.add (local.get $row) (i32.load offset=${NODE.codes} (local.get $n${lane})))))
  (local.set $n${lane} (i32.add (i32.load offset=${NODE.child} (local.get $n${lane})) (i32.shl (i32.and (i32.const 1)
    (i32.shr_u
      (i32.load offset=${NODE.sides} (i32.add (local.get $n${lane}) (i32.shl (i32.shr_u (local.get $code) (i32.const 5)) (i32.const 2))))
      (local.get $code))) (i32.const 6))))`;
const steps = lanes.map(step).join("");
const moved = lanes
  .map((lane) => `(i32.xor (local.get $n${lane}) (local.get $o${lane}))`)
  .reduce((all, each) => `(i32.or ${all} ${each})`);

const TEXT = `(module (import "forest" "memory" (memory 1))
  (func (export "add") (param $root i32) (param $rows i32) (param $sums i32)
    (local $row i32) (local $code i32)
    ${lanes.map((lane) => `(local $n${lane} i32) (local $o${lane} i32)`).join(" ")}
    (loop $next
      ${lanes.map((lane) => `(local.set $n${lane} (local.get $root))`).join(" ")}
      (loop $down
        
        ${lanes.map((lane) => `(local.set $o${lane} (local.get $n${lane}))`).join(" ")}
        ${steps}
        (br_if $down ${moved}))
      ${lanes.map((lane) => `(f32.store offset=${lane * 4} (local.get $sums) (f32.add (f32.load offset=${lane * 4} (local.get $sums)) (f32.load offset=${NODE.value} (local.get $n${lane}))))`).join("\n")}
      (local.set $sums (i32.add (local.get $sums) (i32.const ${4 * LANES})))
      (br_if $next (i32.lt_u (local.tee $row (i32.add (local.get $row) (i32.const ${LANES}))) (local.get $rows))))))`;
