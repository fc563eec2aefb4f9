import type { Target } from "../../data/table.ts";
import { UserError } from "../../errors/user-error.ts";
import type { TrainedModel, TrainingCurve, TrainingInput } from "../trainer.ts";
import { coefficientsOf, deviations, importanceOf } from "./coefficients.ts";
import { type Design, designOf } from "./design.ts";
import { fitElasticNet } from "./elastic-net.ts";
import { fitEncoding } from "./encoding.ts";
import { linearGraph } from "./graph.ts";
import { fitLogistic } from "./logistic.ts";
import { logisticMargins, type Margins, regressionMargins } from "./margins.ts";
import { fitRidge, normalEquations } from "./normal-equations.ts";
import { predictLinear } from "./predict.ts";
import { fitSparseLogistic } from "./sparse-logistic.ts";

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
