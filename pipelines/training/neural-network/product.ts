import type { GradSaveFunc, Tensor, Tensor2D } from "@tensorflow/tfjs-core";
import type { TensorFlow } from "./tensorflow.ts";

/**
 * The matrix product x·w. Its gradient transposes before it multiplies, because the wasm backend multiplies transposed
 * matrices without SIMD: a step takes half as long. Without `intoInputs` it skips the gradient with respect to x.
 */
export function product({ core }: TensorFlow, x: Tensor2D, w: Tensor2D, intoInputs: boolean): Tensor2D {
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
