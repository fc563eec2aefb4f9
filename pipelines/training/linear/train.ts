import { UserError } from "../../errors/user-error.ts";
import type { Target } from "../../features/table.ts";
import type { TrainedModel, TrainingCurve, TrainingInput } from "../trainer.ts";
import { coefficientsOf, importanceOf } from "./coefficients.ts";
import { type Design, designOf } from "./design.ts";
import { fitEncoding } from "./encoding.ts";
import { linearGraph } from "./graph.ts";
import { fitLogistic } from "./logistic.ts";
import { predictLinear } from "./predict.ts";
import { fitRidge } from "./ridge.ts";

/** Fits the model and writes its graph; everything in it is a function of the table and the params, not of seed or threads. */
export async function trainLinear({ table, params }: TrainingInput): Promise<TrainedModel> {
  const { l2, max_categories } = params as { l2: number; max_categories: number };
  if (table.rows === 0) throw new UserError({ message: "The train split has no rows, so there is nothing to learn." });
  const encoding = fitEncoding(table.features, max_categories);
  const design = designOf(encoding, table.features);
  const classes = table.target.task === "classification" ? table.target.classes : [];
  const { weights, curves } = fitWeights(design, table.target, l2);
  return {
    onnx: linearGraph(encoding, weights, table.features, classes),
    predict: (features) => predictLinear(encoding, weights, classes, features),
    importance: importanceOf(encoding, weights, design),
    coefficients: coefficientsOf(encoding, weights, classes),
    curves,
  };
}

function fitWeights(design: Design, target: Target, l2: number): { weights: Float64Array; curves: TrainingCurve[] } {
  if (target.task === "regression") return { weights: fitRidge(design, target.values, l2), curves: [] };
  if (target.classes.length < 2) {
    throw new UserError({
      message: `A classifier needs at least two classes, but the train split has only ${JSON.stringify(target.classes[0])}.`,
      hint: "Widen `features.window`, or check the query's target.",
      key: "features.target",
    });
  }
  const { weights, losses } = fitLogistic(design, target.codes, target.classes.length, l2);
  return { weights, curves: [{ metric: "log_loss", steps: losses.map((_, step) => step), values: losses }] };
}
