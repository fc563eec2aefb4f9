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
