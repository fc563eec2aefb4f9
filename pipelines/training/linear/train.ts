import type { Target } from "../../data/table.ts";
import { UserError } from "../../errors/expected-error.ts";
import type { Coefficient, Importance, TrainedModel, TrainingCurve, TrainingInput } from "../trainer.ts";
import { BLOCK_ROWS, blocks, type Design, designOf } from "./design.ts";
import { type CategoryEncoding, type DesignEncoding, fitEncoding } from "./encoding.ts";
import { linearGraph } from "./graph.ts";
import { fitLogistic } from "./logistic.ts";
import { fitRidge, type NormalEquations, normalEquations } from "./normal-equations.ts";
import { logisticMargins, type Margins, predictLinear, regressionMargins } from "./predict.ts";
import { fitSparseLogistic } from "./sparse-logistic.ts";
import { sparseMinimum } from "./sparse-minimum.ts";

interface Penalty {
  l2: number;
  l1: number;
}

interface Fit {
  weights: Float64Array;
  margins: Margins;
  curves: TrainingCurve[];
}

/** Fits the model and writes its graph; everything in it is a function of the table and the params, not of seed or threads. */
export async function trainLinear({ table, params }: TrainingInput): Promise<TrainedModel> {
  const {
    l2,
    l1 = 0,
    max_categories,
  } = params as unknown as Partial<Pick<Penalty, "l1">> & Pick<Penalty, "l2"> & { max_categories: number };
  if (table.rows === 0) throw new UserError({ message: "The train split has no rows, so there is nothing to learn." });
  const encoding = fitEncoding(table.features, max_categories);
  const design = designOf(encoding, table.features);
  const classes = table.target.task === "classification" ? table.target.classes : [];
  const fit = fitWeights(design, table.target, { l2, l1 });
  const { weights, curves } = fit;
  const deviation = deviations(design);
  return {
    onnx: linearGraph(encoding, weights, table.features, classes),
    predict: (features) => predictLinear(encoding, weights, classes, features),
    importance: importanceOf(encoding, weights, deviation),
    coefficients: coefficientsOf(encoding, fit, deviation, classes),
    curves,
  };
}

function fitWeights(design: Design, target: Target, penalty: Penalty): Fit {
  if (target.task === "regression") return fitRegression(design, target.values, penalty);
  if (target.classes.length < 2) {
    throw new UserError({
      message: `A classifier needs at least two classes, but the train split has only ${JSON.stringify(target.classes[0])}.`,
      hint: "Widen `features.window`, or check the query's target.",
      key: "features.target",
    });
  }
  return fitClassifier(design, target.codes, target.classes.length, penalty);
}

function fitRegression(design: Design, target: Float64Array, { l2, l1 }: Penalty): Fit {
  const equations = normalEquations(design, target);
  const { rows } = design;
  const weights = l1 === 0 ? fitRidge(equations, rows, l2) : fitElasticNet(equations, rows, l2, l1);
  return { weights, margins: regressionMargins(design, equations, target, weights, l2), curves: [] };
}

function fitClassifier(design: Design, codes: Int32Array, classes: number, penalty: Penalty): Fit {
  const { l2, l1 } = penalty;
  const fit = l1 === 0 ? fitLogistic(design, codes, classes, l2) : fitSparseLogistic(design, codes, classes, penalty);
  const curve = { metric: "log_loss", steps: fit.losses.map((_, step) => step), values: fit.losses };
  return { weights: fit.weights, margins: logisticMargins(design, codes, fit, l2), curves: [curve] };
}

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
function coefficientsOf(
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
function importanceOf(encoding: DesignEncoding, weights: Float64Array, deviation: Float64Array): Importance[] {
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

/**
 * Weights [width] that minimise Σ(y - Xw)² + l2·Σw² + l1·Σ|w|, the intercept not penalised: scikit-learn's
 * ElasticNet(alpha, l1_ratio) with l2 = rows·alpha·(1 - l1_ratio) and l1 = 2·rows·alpha·l1_ratio. Throws UserError
 * when it does not converge.
 */
function fitElasticNet(equations: NormalEquations, rows: number, l2: number, l1: number): Float64Array {
  const { gram, right, mean } = equations;
  const width = right.length;
  const centred = new Float64Array((width - 1) ** 2);
  const slope = new Float64Array(width - 1);
  // The intercept follows from the other weights, so it drops out when every column is taken from its mean.
  for (let a = 1; a < width; a++) {
    for (let b = 1; b < width; b++) {
      centred[(a - 1) * (width - 1) + b - 1] = gram[a * width + b]! - (gram[a]! * gram[b]!) / rows;
    }
    centred[(a - 1) * width] = Math.max(0, centred[(a - 1) * width]!) + l2;
    slope[a - 1] = right[a]! - (gram[a]! * right[0]!) / rows;
  }
  const lasso = new Float64Array(width - 1).fill(l1 / 2);
  const { x: found, converged } = sparseMinimum({ matrix: centred, right: slope, lasso }, new Float64Array(width - 1));
  if (!converged) {
    throw new UserError({
      message: "The elastic net did not converge: some columns are almost the same as others.",
      hint: "Raise `params.l2`, or leave one of such columns out.",
      key: "params.l2",
    });
  }
  const shift = found.reduce((sum, weight, at) => sum + weight * gram[at + 1]!, 0);
  return Float64Array.of(mean + (right[0]! - shift) / rows, ...found);
}
