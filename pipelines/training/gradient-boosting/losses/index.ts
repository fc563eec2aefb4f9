import { absoluteLoss } from "./absolute.ts";
import { withClassWeights } from "./class-weights.ts";
import { huberLoss } from "./huber.ts";
import { logisticLoss } from "./logistic.ts";
import type { ClassLossSpec, Loss, LossSpec } from "./loss.ts";
import { poissonLoss } from "./poisson.ts";
import { quantileLoss } from "./quantile.ts";
import { softmaxLoss } from "./softmax.ts";
import { squaredLoss } from "./squared.ts";

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
