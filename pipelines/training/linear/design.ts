import type { FeatureColumn } from "../../data/table.ts";
import type { CategoryEncoding, DesignEncoding, NumberEncoding } from "./encoding.ts";

interface DenseSource {
  values: Float32Array;
  encoding: NumberEncoding;
}

interface SparseSource {
  codes: Int32Array;
  /** Code to column of the design matrix, -1 for a level that training did not see. */
  columnOf: Int32Array;
}

/** The design matrix of some rows, computed block by block, so that it costs no memory. */
export interface Design {
  rows: number;
  width: number;
  dense: number;
  sparse: number;
  numbers: readonly DenseSource[];
  categories: readonly SparseSource[];
}

/** Some consecutive rows of a design: `dense` is [dense, BLOCK_ROWS], `columns` [sparse, BLOCK_ROWS] (the column that is 1, or -1). */
export interface Block {
  start: number;
  count: number;
  dense: Float64Array;
  columns: Int32Array;
}

/** The stride of a block's arrays. */
export const BLOCK_ROWS = 1024;

/** Binds an encoding to columns, matched by name; their levels may differ from those of training. */
export function designOf(encoding: DesignEncoding, features: readonly FeatureColumn[]): Design {
  const byName = new Map(features.map((column) => [column.name, column]));
  const numbers: DenseSource[] = [];
  const categories: SparseSource[] = [];
  for (const each of encoding.features) {
    const column = byName.get(each.name);
    if (each.kind === "number" && column && column.kind !== "category") {
      numbers.push({ values: column.values, encoding: each });
    } else if (each.kind === "category" && column?.kind === "category") {
      categories.push({ codes: column.codes, columnOf: levelColumns(each, column.levels) });
    } else {
      throw new Error(`The rows lack the ${each.kind} column ${JSON.stringify(each.name)}.`);
    }
  }
  const rows = numbers[0]?.values.length ?? categories[0]?.codes.length ?? 0;
  return { rows, width: encoding.width, dense: encoding.dense, sparse: categories.length, numbers, categories };
}

function levelColumns(encoding: CategoryEncoding, levels: readonly string[]): Int32Array {
  return Int32Array.from(levels, (level) => encoding.columnOf.get(level) ?? -1);
}

/** All blocks in the order of the rows; each is valid until the next one is taken. */
export function* blocks(design: Design): Generator<Block> {
  const dense = new Float64Array(design.dense * BLOCK_ROWS).fill(1, 0, BLOCK_ROWS);
  const columns = new Int32Array(design.sparse * BLOCK_ROWS);
  for (let start = 0; start < design.rows; start += BLOCK_ROWS) {
    const block = { start, count: Math.min(BLOCK_ROWS, design.rows - start), dense, columns };
    for (const source of design.numbers) fillNumber(block, source);
    for (const [i, source] of design.categories.entries()) fillCategory(block, source, i * BLOCK_ROWS);
    yield block;
  }
}

function fillNumber({ start, count, dense }: Block, { values, encoding }: DenseSource): void {
  const { mean, scale, column, missing } = encoding;
  const at = column * BLOCK_ROWS;
  for (let i = 0; i < count; i++) {
    const value = values[start + i]!;
    dense[at + i] = Number.isFinite(value) ? (value - mean) * scale : 0;
  }
  if (missing === null) return;
  for (let i = 0; i < count; i++) dense[missing * BLOCK_ROWS + i] = Number.isFinite(values[start + i]!) ? 0 : 1;
}

function fillCategory({ start, count, columns }: Block, { codes, columnOf }: SparseSource, at: number): void {
  for (let i = 0; i < count; i++) columns[at + i] = columnOf[codes[start + i]!] ?? -1;
}

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
