import type { Importance } from "../trainer.ts";
import { BLOCK_ROWS, blocks, type Design } from "./design.ts";
import type { Encoding } from "./encoding.ts";

type Named = { name: string; value: number };

/**
 * Weights in the features' own units, by name: `(intercept)`, `carat`, `carat missing`, `city=Rome`. A row with a
 * missing number is predicted as one with the column's mean, plus the weight of `missing`. With several outputs
 * (more than two classes) each name starts with its class.
 */
export function coefficientsOf(encoding: Encoding, weights: Float64Array, classes: readonly string[]): Named[] {
  const outputs = weights.length / encoding.width;
  return Array.from({ length: outputs }, (_, k) => {
    const of = (column: number) => weights[column * outputs + k]!;
    const prefix = outputs === 1 ? "" : `${classes[k]}: `;
    return ofOneOutput(encoding, of).map(({ name, value }) => ({ name: prefix + name, value }));
  }).flat();
}

function ofOneOutput(encoding: Encoding, weightOf: (column: number) => number): Named[] {
  let intercept = weightOf(0);
  const rest = encoding.features.flatMap((each): Named[] => {
    if (each.kind === "category") return levels(each.columnOf, each.pooled, each.name, weightOf);
    const slope = weightOf(each.column) * each.scale;
    intercept -= slope * each.mean;
    const own = { name: each.name, value: slope };
    return each.missing === null ? [own] : [own, { name: `${each.name} missing`, value: weightOf(each.missing) }];
  });
  return [{ name: "(intercept)", value: intercept }, ...rest];
}

function levels(
  columnOf: ReadonlyMap<string, number>,
  pooled: number | null,
  feature: string,
  weightOf: (column: number) => number,
): Named[] {
  const own = [...columnOf].filter(([, column]) => column !== pooled);
  const named = own.map(([level, column]) => ({ name: `${feature}=${level}`, value: weightOf(column) }));
  if (pooled === null) return named;
  const rare = columnOf.size - own.length;
  return [...named, { name: `${feature} is one of ${rare} rare values`, value: weightOf(pooled) }];
}

/** Each feature's share of Σ |weight| · deviation of its columns on the train rows; equal shares when no feature has any weight. */
export function importanceOf(encoding: Encoding, weights: Float64Array, design: Design): Importance[] {
  const outputs = weights.length / encoding.width;
  const deviation = deviations(design);
  const effect = (column: number) => {
    const own = weights.subarray(column * outputs, (column + 1) * outputs);
    return own.reduce((sum, weight) => sum + Math.abs(weight), 0) * deviation[column]!;
  };
  const effects = encoding.features.map((each) => {
    const columns = each.kind === "category" ? new Set(each.columnOf.values()) : [each.column, each.missing ?? 0];
    return [...columns].reduce((sum, column) => sum + effect(column), 0);
  });
  const total = effects.reduce((a, b) => a + b, 0);
  return encoding.features.map(({ name }, i) => ({
    feature: name,
    share: total > 0 ? effects[i]! / total : 1 / effects.length,
  }));
}

/** Standard deviation of each column of the design; 0 for the intercept. */
function deviations(design: Design): Float64Array {
  const sums = new Float64Array(design.width);
  const squares = new Float64Array(design.width);
  for (const { count, dense, columns } of blocks(design)) {
    for (let d = 0; d < design.dense; d++) {
      for (let i = 0; i < count; i++) {
        const value = dense[d * BLOCK_ROWS + i]!;
        sums[d]! += value;
        squares[d]! += value * value;
      }
    }
    for (let s = 0; s < design.sparse; s++) {
      for (let i = 0; i < count; i++) {
        const column = columns[s * BLOCK_ROWS + i]!;
        if (column < 0) continue;
        sums[column]! += 1;
        squares[column]! += 1;
      }
    }
  }
  return sums.map((sum, j) => Math.sqrt(Math.max(0, squares[j]! / design.rows - (sum / design.rows) ** 2)));
}
