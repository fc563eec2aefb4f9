import { logisticLoss } from "./logistic.ts";
import type { Loss, LossSpec } from "./loss.ts";
import { softmaxLoss } from "./softmax.ts";
import { squaredLoss } from "./squared.ts";

/** The loss that a spec names. */
export function lossOf(spec: LossSpec): Loss {
  switch (spec.name) {
    case "squared":
      return squaredLoss;
    case "logistic":
      return logisticLoss;
    case "softmax":
      return softmaxLoss(spec.classes);
  }
}
