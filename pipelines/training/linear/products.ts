import { BLOCK_ROWS, type Block, type Design } from "./design.ts";

/**
 * Adds XᵀWX of a block to `gram` [width, width], above the diagonal only; `mirror` completes it. A category costs one
 * addition per row and dense column, however many levels it has. `weights` is [BLOCK_ROWS], or null for 1.
 */
export function addGram(gram: Float64Array, design: Design, block: Block, weights: Float64Array | null): void {
  const { width, dense, sparse } = design;
  const weighted = new Float64Array(BLOCK_ROWS);
  for (let a = 0; a < dense; a++) {
    for (let i = 0; i < block.count; i++) weighted[i] = block.dense[a * BLOCK_ROWS + i]! * (weights?.[i] ?? 1);
    for (let b = a; b < dense; b++) gram[a * width + b]! += dot(weighted, block.dense, b * BLOCK_ROWS, block.count);
    for (let s = 0; s < sparse; s++) scatter(gram, a * width, weighted, block, s);
  }
  for (let s = 0; s < sparse; s++) addCounts(gram, width, block, s, sparse, weights);
}

/** Copies what `addGram` summed above the diagonal to below it. */
export function mirror(gram: Float64Array, width: number): void {
  for (let a = 0; a < width; a++) for (let b = 0; b < a; b++) gram[a * width + b] = gram[b * width + a]!;
}

/** X·W of a block into `out` [outputs, BLOCK_ROWS]; `weights` is [width, outputs]. */
export function multiply(
  out: Float64Array,
  design: Design,
  block: Block,
  weights: Float64Array,
  outputs: number,
): void {
  for (let k = 0; k < outputs; k++) {
    const at = k * BLOCK_ROWS;
    out.fill(0, at, at + block.count);
    for (let d = 0; d < design.dense; d++) {
      const weight = weights[d * outputs + k]!;
      for (let i = 0; i < block.count; i++) out[at + i]! += weight * block.dense[d * BLOCK_ROWS + i]!;
    }
    for (let s = 0; s < design.sparse; s++) {
      for (let i = 0; i < block.count; i++) {
        const column = block.columns[s * BLOCK_ROWS + i]!;
        if (column >= 0) out[at + i]! += weights[column * outputs + k]!;
      }
    }
  }
}

/** Adds Xᵀ·R of a block to `sum` [width, outputs]; `right` is [outputs, BLOCK_ROWS]. */
export function addTransposed(
  sum: Float64Array,
  design: Design,
  block: Block,
  right: Float64Array,
  outputs: number,
): void {
  for (let k = 0; k < outputs; k++) {
    const values = right.subarray(k * BLOCK_ROWS, k * BLOCK_ROWS + block.count);
    for (let d = 0; d < design.dense; d++) {
      sum[d * outputs + k]! += dot(values, block.dense, d * BLOCK_ROWS, block.count);
    }
    for (let s = 0; s < design.sparse; s++) {
      for (let i = 0; i < block.count; i++) {
        const column = block.columns[s * BLOCK_ROWS + i]!;
        if (column >= 0) sum[column * outputs + k]! += values[i]!;
      }
    }
  }
}

function dot(a: Float64Array, b: Float64Array, offset: number, count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += a[i]! * b[offset + i]!;
  return sum;
}

function scatter(gram: Float64Array, row: number, values: Float64Array, block: Block, category: number): void {
  for (let i = 0; i < block.count; i++) {
    const column = block.columns[category * BLOCK_ROWS + i]!;
    if (column >= 0) gram[row + column]! += values[i]!;
  }
}

// Columns of an earlier category come first, so a pair is always above the diagonal.
function addCounts(
  gram: Float64Array,
  width: number,
  { columns, count }: Block,
  category: number,
  categories: number,
  weights: Float64Array | null,
): void {
  for (let other = category; other < categories; other++) {
    for (let i = 0; i < count; i++) {
      const a = columns[category * BLOCK_ROWS + i]!;
      const b = columns[other * BLOCK_ROWS + i]!;
      if (a >= 0 && b >= 0) gram[a * width + b]! += weights?.[i] ?? 1;
    }
  }
}
