import type { GradSaveFunc, Tensor, Tensor2D, Variable } from "@tensorflow/tfjs-core";
import { type Activation, initialScale } from "./activation.ts";
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
