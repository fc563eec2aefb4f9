import type { Forest, Tree } from "./tree.ts";

/** Adjacent columns of the matrix: a number's one, or a category's, one per set of codes. */
interface MatrixBlock {
  /** Column of the forest. */
  column: number;
  /** Numbers: null. Categories: by code, 1 when it goes left. */
  sets: readonly Uint8Array[] | null;
}

/** The columns that an ONNX tree ensemble of some trees compares with thresholds, each once. */
export interface EnsembleMatrix {
  blocks: readonly MatrixBlock[];
  /** Column of the matrix that a splitting node looks at. */
  columnOf(tree: Tree, node: number): number;
}

/** Collects what the nodes of `trees` look at; at least one column, since an ensemble needs an input. */
export function ensembleMatrix(forest: Forest, trees: readonly Tree[]): EnsembleMatrix {
  const setsOf = new Map<number, Map<string, Uint8Array>>();
  for (const tree of trees) {
    tree.column.forEach((column, node) => {
      if (column < 0) return;
      if (!setsOf.has(column)) setsOf.set(column, new Map());
      const sides = tree.sides[node] ?? new Uint8Array();
      setsOf.get(column)!.set(keyOf(sides), sides);
    });
  }
  if (setsOf.size === 0) {
    const { categories, bins } = forest.columns[0]!;
    const sides = new Uint8Array(categories ? bins + 1 : 0);
    setsOf.set(0, new Map([[keyOf(sides), sides]]));
  }
  const used = [...setsOf.keys()].sort((a, b) => a - b);
  const indices = new Map<number, Map<string, number>>();
  let columns = 0;
  for (const column of used) {
    indices.set(column, new Map([...setsOf.get(column)!.keys()].map((key) => [key, columns++])));
  }
  const blocks = used.map((column) => {
    const isCategory = forest.columns[column]!.categories !== null;
    return { column, sets: isCategory ? [...setsOf.get(column)!.values()] : null };
  });
  return {
    blocks,
    columnOf: (tree, node) => indices.get(tree.column[node]!)!.get(keyOf(tree.sides[node] ?? new Uint8Array()))!,
  };
}

function keyOf(sides: Uint8Array): string {
  return Buffer.from(sides).toString("latin1");
}
