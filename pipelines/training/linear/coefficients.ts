import type { Coefficient, Importance } from "../trainer.ts";
import { BLOCK_ROWS, blocks, type Design } from "./design.ts";
import type { CategoryEncoding, DesignEncoding } from "./encoding.ts";
import type { Margins } from "./margins.ts";

/** A coefficient before it is computed: its weights by column, and the column whose deviation it is standardised by. */
interface Term {
  name: string;
  factors: readonly (readonly [column: number, factor: number])[];
  /** null for the intercept. */
  column: number | null;
}

/**
 * Weights in the features' own units, by name: `(intercept)`, `carat`, `carat missing`, `city=Rome`. A row with a
 * missing number is predicted as one with the column's mean, plus the weight of `missing`. With several outputs
 * (more than two classes) each name starts with its class. `standardised` is per standard deviation of the design's
 * column, in units of the target (log odds for classes); `deviation` is `deviations` of the design.
 */
export function coefficientsOf(
  encoding: DesignEncoding,
  { weights, margins }: { weights: Float64Array; margins: Margins },
  deviation: Float64Array,
  classes: readonly string[],
): Coefficient[] {
  const outputs = weights.length / encoding.width;
  const terms = termsOf(encoding);
  return Array.from({ length: outputs }, (_, k) => {
    const prefix = outputs === 1 ? "" : `${classes[k]}: `;
    return terms.map(({ name, factors, column }): Coefficient => {
      const placed = factors.map(([at, factor]) => [at * outputs + k, factor] as const);
      const value = placed.reduce((sum, [at, factor]) => sum + weights[at]! * factor, 0);
      const margin = column !== null && value === 0 ? null : margins(placed);
      return {
        name: prefix + name,
        value,
        ...(column !== null && { standardised: weights[column * outputs + k]! * deviation[column]! }),
        ...(margin !== null && { low: value - margin, high: value + margin }),
      };
    });
  }).flat();
}

function termsOf(encoding: DesignEncoding): Term[] {
  const intercept: [number, number][] = [[0, 1]];
  const rest = encoding.features.flatMap((each): Term[] => {
    if (each.kind === "category") return levels(each);
    intercept.push([each.column, -each.scale * each.mean]);
    const own = { name: each.name, factors: [[each.column, each.scale] as const], column: each.column };
    return each.missing === null ? [own] : [own, indicator(`${each.name} missing`, each.missing)];
  });
  return [{ name: "(intercept)", factors: intercept, column: null }, ...rest];
}

function indicator(name: string, column: number): Term {
  return { name, factors: [[column, 1]], column };
}

function levels({ columnOf, pooled, name }: CategoryEncoding): Term[] {
  const own = [...columnOf].filter(([, column]) => column !== pooled);
  const named = own.map(([level, column]) => indicator(`${name}=${level}`, column));
  if (pooled === null) return named;
  const rare = columnOf.size - own.length;
  return [...named, indicator(`${name} is one of ${rare} rare values`, pooled)];
}

/** Each feature's share of Σ |weight| · deviation of its columns on the train rows (`deviations`); equal shares when no feature has any weight. */
export function importanceOf(encoding: DesignEncoding, weights: Float64Array, deviation: Float64Array): Importance[] {
  const outputs = weights.length / encoding.width;
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
export function deviations(design: Design): Float64Array {
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
