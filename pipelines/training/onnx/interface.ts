import type { InferenceSession } from "onnxruntime-node";
import { openOnnxSession } from "./session.ts";

/** A tensor that goes into or out of a model, as its file declares it. `shape` has a text, or a number below 0, where the file leaves a size open. */
export interface DeclaredTensor {
  name: string;
  /** As ONNX Runtime calls it: `float32`, `string`, `int64`; null for what is no tensor, such as a list of maps. */
  type: string | null;
  shape: readonly (number | string)[];
}

export interface ModelInterface {
  inputs: readonly DeclaredTensor[];
  outputs: readonly DeclaredTensor[];
}

/** All inputs and outputs of a model, in the order of its file. Throws Error for bytes that ONNX Runtime does not load. */
export async function readInterface(bytes: Uint8Array): Promise<ModelInterface> {
  const session = await openOnnxSession(bytes);
  try {
    return { inputs: session.inputMetadata.map(declared), outputs: session.outputMetadata.map(declared) };
  } finally {
    await session.release();
  }
}

function declared(value: InferenceSession.ValueMetadata): DeclaredTensor {
  return value.isTensor
    ? { name: value.name, type: value.type, shape: value.shape }
    : { name: value.name, type: null, shape: [] };
}
