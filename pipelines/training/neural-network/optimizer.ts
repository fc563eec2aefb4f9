import type { NamedTensorMap, Optimizer } from "@tensorflow/tfjs-core";
import type { NetworkParams, OptimizerName } from "./params.ts";
import type { TensorFlow } from "./tensorflow.ts";

/** Moves the variables by gradients; dispose it to free its moments. */
export interface Descent extends Disposable {
  /** `progress` in 0..1 of the whole training sets the learning rate. */
  apply(gradients: NamedTensorMap, progress: number): void;
}

/** The wanted optimizer of TensorFlow.js, its learning rate following the schedule (Loshchilov & Hutter 2017 for the cosine). */
export function createDescent(
  { core }: Pick<TensorFlow, "core">,
  { optimizer, learningRate, schedule }: Pick<NetworkParams, "optimizer" | "learningRate" | "schedule">,
): Descent {
  const descent = optimizers(core)[optimizer](learningRate);
  return {
    apply(gradients, progress) {
      const factor = schedule === "cosine" ? (1 + Math.cos(Math.PI * progress)) / 2 : 1;
      setLearningRate(descent, learningRate * factor);
      descent.applyGradients(gradients);
    },
    [Symbol.dispose]: () => descent.dispose(),
  };
}

function optimizers(core: TensorFlow["core"]): Record<OptimizerName, (learningRate: number) => Optimizer> {
  return {
    adam: (rate) => core.train.adam(rate),
    sgd: (rate) => core.train.sgd(rate),
    rmsprop: (rate) => core.train.rmsprop(rate),
  };
}

// Only sgd has a method for it, because it holds the rate as a tensor; the others read the number at each step.
function setLearningRate(optimizer: Optimizer, rate: number): void {
  if ("setLearningRate" in optimizer) (optimizer.setLearningRate as (rate: number) => void)(rate);
  else Reflect.set(optimizer, "learningRate", rate);
}
