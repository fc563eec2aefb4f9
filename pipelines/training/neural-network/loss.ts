import type { Scalar, Tensor, Tensor2D } from "@tensorflow/tfjs-core";
import type { TensorFlow } from "./tensorflow.ts";

/** Which loss a network minimises: squared error, log loss of one logit, or of one logit per class. */
export type LossKind = "squared" | "logistic" | "softmax";

/**
 * Mean over the rows of the loss of scores [N, outputs] against targets [N] (a number, or the code of a class), each
 * row times its weight where `weights` [N] are given. Written so that no exponential overflows.
 */
export function meanLoss(
  { core }: Pick<TensorFlow, "core">,
  kind: LossKind,
  scores: Tensor2D,
  targets: Float32Array,
  weights: Float32Array | null,
): Scalar {
  const rows = rowLosses(core, kind, scores, targets);
  return core.mean(weights ? core.mul(rows, core.tensor1d(weights)) : rows) as Scalar;
}

function rowLosses(core: TensorFlow["core"], kind: LossKind, scores: Tensor2D, targets: Float32Array): Tensor {
  if (kind === "softmax") {
    const own = oneHot(targets, scores.shape[1]);
    const logs = core.logSoftmax(scores);
    return core.neg(core.sum(core.mul(logs, core.tensor2d(own, scores.shape)), 1));
  }
  const score = core.reshape(scores, [targets.length]);
  const target = core.tensor1d(targets);
  if (kind === "squared") return core.square(core.sub(score, target));
  // -log p = log(1 + e^z) - y·z
  return core.sub(core.softplus(score), core.mul(target, score));
}

function oneHot(codes: Float32Array, classes: number): Float32Array {
  const rows = new Float32Array(codes.length * classes);
  for (let i = 0; i < codes.length; i++) rows[i * classes + codes[i]!] = 1;
  return rows;
}
