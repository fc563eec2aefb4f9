import type { FeatureColumn } from "../../data/table.ts";
import type { Encoding } from "./encode-columns.ts";
import type { Forest, Tree } from "./tree.ts";

/** Scores of raw rows, [outputs × rows], one output after the other; straight from the trees as they were grown. */
export function scoreFeatures(forest: Forest, features: readonly FeatureColumn[]): Float64Array {
  const rows = rowsOf(features);
  const columns = forest.columns.map((encoding) => encodeRaw(encoding, features[encoding.feature]!));
  const scores = new Float64Array(rows * forest.base.length);
  for (const tree of forest.trees)
    addTree(tree, columns, scores.subarray(tree.output * rows, (tree.output + 1) * rows));
  forest.base.forEach((base, output) => {
    for (let row = 0; row < rows; row++) scores[output * rows + row]! += base;
  });
  return scores;
}

function rowsOf([first]: readonly FeatureColumn[]): number {
  if (!first) return 0;
  return first.kind === "category" ? first.codes.length : first.values.length;
}

/** What trees look at: a number as it is, a category's code. */
function encodeRaw({ categories }: Encoding, column: FeatureColumn): Float32Array | Uint8Array {
  if (column.kind !== "category") return column.values;
  const { levels, codes, unseen } = categories!;
  const known = new Map(levels.map((level, index) => [level, codes[index]!]));
  const codeOf = column.levels.map((level) => known.get(level) ?? unseen);
  return Uint8Array.from(column.codes, (level) => codeOf[level]!);
}

function addTree(tree: Tree, columns: readonly (Float32Array | Uint8Array)[], scores: Float64Array): void {
  const { column, left, right, value } = tree;
  for (let row = 0; row < scores.length; row++) {
    let node = 0;
    for (let at = column[0]!; at >= 0; at = column[node]!) {
      node = goesLeft(tree, node, columns[at]![row]!) ? left[node]! : right[node]!;
    }
    scores[row]! += value[node]!;
  }
}

function goesLeft({ threshold, missingLeft, sides }: Tree, node: number, x: number): boolean {
  const ofCategory = sides[node];
  if (ofCategory) return ofCategory[x] === 1;
  return Number.isNaN(x) ? missingLeft[node] === 1 : x <= threshold[node]!;
}
