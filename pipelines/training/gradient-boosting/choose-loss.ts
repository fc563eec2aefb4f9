import { UserError } from "../../errors/user-error.ts";
import type { Target } from "../../features/table.ts";
import { balancedWeights } from "./losses/class-weights.ts";
import type { ClassLossSpec, LossSpec } from "./losses/loss.ts";
import type { BoostingParams } from "./params.ts";

/** The loss that the params ask for; throws UserError where it does not suit the target. `targets` as in Examples. */
export function chooseLoss(target: Target, targets: Float64Array, params: BoostingParams): LossSpec {
  return target.task === "regression"
    ? regressionLoss(params)
    : classificationLoss(target.classes.length, targets, params);
}

function regressionLoss({ balanced }: BoostingParams): LossSpec {
  if (balanced) {
    const message = "class_weight is balanced, but the task is regression, which has no classes.";
    throw new UserError({ message, hint: "Remove class_weight.", key: "params.class_weight" });
  }
  return { name: "squared" };
}

function classificationLoss(classes: number, codes: Float64Array, { balanced }: BoostingParams): LossSpec {
  const spec: ClassLossSpec = classes === 2 ? { name: "logistic" } : { name: "softmax", classes };
  return balanced ? { ...spec, weights: balancedWeights(codes, classes) } : spec;
}
