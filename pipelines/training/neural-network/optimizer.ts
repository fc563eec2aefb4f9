import type { NamedTensorMap, Optimizer, Variable } from "@tensorflow/tfjs-core";
import type { NetworkParams, OptimizerName } from "./params.ts";
import type { TensorFlow } from "./tensorflow.ts";

/** Moves the variables by gradients; dispose it to free its moments. */
export interface Descent extends Disposable {
  /** `progress` in 0..1 of the whole training sets the learning rate. */
  apply(gradients: NamedTensorMap, progress: number): void;
  /** How often it was applied. */
  readonly steps: number;
  /** Makes weights and moments 0 that are next to it, before they are so small that a processor takes fifty times as long. */
  settle(weights: readonly Variable[]): Promise<void>;
}

/** Its square is still a normal number; what a step adds to a weight is many times as much. */
const NEXT_TO_ZERO = 1e-24;

/** The wanted optimizer of TensorFlow.js, its learning rate following the schedule (Loshchilov & Hutter 2017 for the cosine). */
export function createDescent(
  { core }: Pick<TensorFlow, "core">,
  { optimizer, learningRate, schedule }: Pick<NetworkParams, "optimizer" | "learningRate" | "schedule">,
): Descent {
  const descent = optimizers(core)[optimizer](learningRate);
  return {
    get steps() {
      return descent.iterations;
    },
    apply(gradients, progress) {
      const factor = schedule === "cosine" ? (1 + Math.cos(Math.PI * progress)) / 2 : 1;
      setLearningRate(descent, learningRate * factor);
      descent.applyGradients(gradients);
    },
    async settle(weights) {
      const [steps, ...moments] = await descent.getWeights();
      steps?.tensor.dispose();
      for (const values of [...weights, ...moments.map(({ tensor }) => tensor as Variable)])
        core.tidy(() => {
          const counts = core.cast(core.greater(core.abs(values), NEXT_TO_ZERO), "float32");
          values.assign(core.mul(values, counts));
        });
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
