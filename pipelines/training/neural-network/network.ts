import type {
  GradSaveFunc,
  NamedTensorMap,
  Optimizer,
  Scalar,
  Tensor,
  Tensor2D,
  Variable,
} from "@tensorflow/tfjs-core";
import type { NetworkParams, OptimizerName } from "./params.ts";
import type { TensorFlow } from "./tensorflow.ts";

/** Sizes of a network: inputs, each hidden layer, outputs. */
export interface Shape {
  inputs: number;
  hidden: readonly number[];
  outputs: number;
  activation: Activation;
}

/** Weights of a dense layer outside TensorFlow: `kernel` [inputs, outputs] row-major, `bias` [outputs]. */
export interface LayerWeights {
  inputs: number;
  outputs: number;
  kernel: Float32Array;
  bias: Float32Array;
}

/** Multipliers [rows, units] of a hidden layer's outputs: 0 for those that dropout leaves out. */
export type DropoutMask = (rows: number, units: number) => Tensor2D;

/** A network in TensorFlow's memory; dispose it to free that. */
export interface Network extends Disposable {
  /** Kernel and bias of each layer, in the order of the layers. */
  variables: readonly { kernel: Variable; bias: Variable }[];
  /** Scores [N, outputs] of inputs [N, inputs]. */
  scores(inputs: Tensor2D, dropout?: DropoutMask): Tensor2D;
  weights(): LayerWeights[];
  setWeights(weights: readonly LayerWeights[]): void;
}

/**
 * Size of the first and the last layer's weights at the start, beside what keeps the size of signals. A small start lets
 * a network grow only the directions that the target has, and leaves little of the random start in what it predicts
 * (Chizat, Oyallon & Bach 2019). The layers between keep theirs: small everywhere, deep networks would not get going.
 * Nor would sigmoids, whose units are all near one half when their sums are small.
 */
const START = 0.03;

/** Dense layers, the last one linear. Each call of `nextSeed` seeds the weights of one layer; without it all are 0. */
export function createNetwork(tensorflow: TensorFlow, shape: Shape, nextSeed?: () => number): Network {
  const { core, layers } = tensorflow;
  const sizes = [...shape.hidden, shape.outputs];
  const end = shape.activation === "sigmoid" ? 1 : START;
  const dense = sizes.map((units, i) => {
    const activation = i < shape.hidden.length ? shape.activation : "linear";
    const { scale, mode } = initialScale(activation);
    const start = (i === 0 ? end : 1) * (i === sizes.length - 1 ? end : 1);
    const kernelInitializer = nextSeed
      ? layers.initializers.varianceScaling({
          scale: scale * start ** 2,
          mode,
          distribution: "uniform",
          seed: nextSeed(),
        })
      : layers.initializers.zeros();
    const layer = layers.layers.dense({ units, kernelInitializer });
    layer.build([null, i === 0 ? shape.inputs : sizes[i - 1]!]);
    const [kernel, bias] = layer.trainableWeights.map((weight) => weight.read() as Variable);
    return { kernel: kernel!, bias: bias!, activation: layers.layers.activation({ activation }) };
  });
  return {
    variables: dense,
    scores: (inputs, dropout) =>
      dense.reduce((signal, { kernel, bias, activation }, i) => {
        const sums = core.add(product(tensorflow, signal, kernel as Tensor2D, i > 0), bias);
        const out = activation.apply(sums) as Tensor2D;
        return dropout && i < shape.hidden.length ? core.mul(out, dropout(out.shape[0], out.shape[1])) : out;
      }, inputs),
    weights: () =>
      dense.map(({ kernel, bias }) => ({
        inputs: kernel.shape[0]!,
        outputs: kernel.shape[1]!,
        kernel: kernel.dataSync<"float32">().slice(),
        bias: bias.dataSync<"float32">().slice(),
      })),
    setWeights: (weights) => {
      for (const [i, { inputs, outputs, kernel, bias }] of weights.entries()) {
        core.tidy(() => {
          dense[i]!.kernel.assign(core.tensor2d(kernel, [inputs, outputs]));
          dense[i]!.bias.assign(core.tensor1d(bias));
        });
      }
    },
    [Symbol.dispose]: () => {
      for (const { kernel, bias } of dense) core.dispose([kernel, bias]);
    },
  };
}

/**
 * The matrix product x·w. Its gradient transposes before it multiplies, because the wasm backend multiplies transposed
 * matrices without SIMD: a step takes half as long. Without `intoInputs` it skips the gradient with respect to x.
 */
function product({ core }: TensorFlow, x: Tensor2D, w: Tensor2D, intoInputs: boolean): Tensor2D {
  const multiply = core.customGrad((...given) => {
    // TensorFlow frees what is not saved before the gradient is taken.
    (given.at(-1) as unknown as GradSaveFunc)([x, w]);
    const gradFunc = (dy: Tensor, [inputs, kernel]: Tensor[]) => {
      const intoKernel = core.matMul(core.transpose(inputs!), dy);
      return intoInputs ? [core.matMul(dy, core.transpose(kernel!)), intoKernel] : intoKernel;
    };
    return { value: core.matMul(x, w), gradFunc };
  });
  return (intoInputs ? multiply(x, w) : multiply(w)) as Tensor2D;
}

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

/** Names of activations, as TensorFlow.js layers have them. */
export const ACTIVATIONS = ["relu", "tanh", "elu", "selu", "sigmoid", "softplus", "swish", "linear"] as const;

export type Activation = (typeof ACTIVATIONS)[number];

/**
 * Scale of the initial weights that keeps the size of signals from layer to layer (He 2015 for those that cut the
 * negative half, LeCun 1998 for selu, Glorot 2010 for the others), in the terms of TensorFlow's variance scaling.
 */
function initialScale(activation: Activation): { scale: number; mode: "fanIn" | "fanAvg" } {
  switch (activation) {
    case "relu":
    case "elu":
    case "swish":
      return { scale: 2, mode: "fanIn" };
    case "selu":
      return { scale: 1, mode: "fanIn" };
    default:
      return { scale: 1, mode: "fanAvg" };
  }
}
