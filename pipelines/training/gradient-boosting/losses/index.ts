import { withClassWeights } from "./class-weights.ts";
import { logisticLoss, softmaxLoss } from "./classification.ts";
import type { ClassLossSpec, Loss, LossSpec } from "./loss.ts";
import { absoluteLoss, huberLoss, poissonLoss, quantileLoss, squaredLoss } from "./regression.ts";

/** The loss that a spec names. */
export function lossOf(spec: LossSpec): Loss {
  switch (spec.name) {
    case "squared":
      return squaredLoss;
    case "absolute":
      return absoluteLoss;
    case "huber":
      return huberLoss(spec.delta);
    case "quantile":
      return quantileLoss(spec.quantile);
    case "poisson":
      return poissonLoss(spec.limit);
    case "logistic":
      return weighted(logisticLoss, spec);
    case "softmax":
      return weighted(softmaxLoss(spec.classes), spec);
  }
}

function weighted(loss: Loss, { weights }: ClassLossSpec): Loss {
  return weights ? withClassWeights(loss, weights) : loss;
}
