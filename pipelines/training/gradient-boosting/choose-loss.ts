import type { Target } from "../../data/table.ts";
import { UserError } from "../../errors/user-error.ts";
import { largest } from "./fixed-point.ts";
import { balancedWeights } from "./losses/class-weights.ts";
import { typicalDelta } from "./losses/huber.ts";
import type { ClassLossSpec, LossSpec } from "./losses/loss.ts";
import { meanLimit } from "./losses/poisson.ts";
import type { BoostingParams } from "./params.ts";

/** The loss that the params ask for; throws UserError where it does not suit the target. `targets` as in Examples. */
export function chooseLoss(target: Target, targets: Float64Array, params: BoostingParams): LossSpec {
  return target.task === "regression"
    ? regressionLoss(targets, params)
    : classificationLoss(target.classes.length, targets, params);
}

function regressionLoss(targets: Float64Array, params: BoostingParams): LossSpec {
  if (params.balanced) {
    const message = "class_weight is balanced, but the task is regression, which has no classes.";
    throw new UserError({ message, hint: "Remove class_weight.", key: "params.class_weight" });
  }
  const name = params.loss;
  if (name === "huber") return { name, delta: params.huberDelta > 0 ? params.huberDelta : typicalDelta(targets) };
  if (name === "quantile") return { name, quantile: params.quantile };
  if (name !== "poisson") return { name };
  checkCounts(targets);
  return { name, limit: meanLimit(targets) };
}

function checkCounts(targets: Float64Array): void {
  const row = targets.findIndex((target) => target < 0);
  const hint = "Use another loss, or check the target.";
  if (row >= 0) {
    const message = `loss: poisson needs targets of at least 0; row ${row + 1} of the train split has ${targets[row]}.`;
    throw new UserError({ message, hint, key: "params.loss" });
  }
  if (largest(targets) === 0) {
    throw new UserError({ message: "loss: poisson needs a target above 0; all are 0.", hint, key: "params.loss" });
  }
}

function classificationLoss(classes: number, codes: Float64Array, { balanced, loss }: BoostingParams): LossSpec {
  if (loss !== "squared") {
    const message = `loss: ${loss} is for regression, but the task is classification, which minimises the log loss.`;
    throw new UserError({ message, hint: "Remove loss.", key: "params.loss" });
  }
  const spec: ClassLossSpec = classes === 2 ? { name: "logistic" } : { name: "softmax", classes };
  return balanced ? { ...spec, weights: balancedWeights(codes, classes) } : spec;
}
