/** A constant of the graph. `data` is row-major; float64 numbers are rounded to float32. */
export type Tensor =
  | { type: "float"; dims: readonly number[]; data: Float32Array | readonly number[] }
  | { type: "double"; dims: readonly number[]; data: Float64Array | readonly number[] }
  | { type: "int64"; dims: readonly number[]; data: BigInt64Array | readonly number[] }
  | { type: "bool"; dims: readonly number[]; data: readonly boolean[] }
  | { type: "string"; dims: readonly number[]; data: readonly string[] };

/** TensorProto.DataType. */
export const ELEMENT_TYPE = { float: 1, int64: 7, string: 8, bool: 9, double: 11 } as const;

/** A TensorProto as a plain object. Throws when the data does not fill the dimensions: a wrong model is better not written. */
export function tensorProto(name: string, tensor: Tensor): object {
  const expected = tensor.dims.reduce((product, dim) => product * dim, 1);
  if (tensor.data.length !== expected) {
    throw new Error(`Tensor ${name} has ${tensor.data.length} values, but [${tensor.dims}] needs ${expected}.`);
  }
  return { name, dims: tensor.dims, data_type: ELEMENT_TYPE[tensor.type], ...contents(tensor) };
}

function contents(tensor: Tensor): object {
  switch (tensor.type) {
    case "float":
      return { raw_data: bytes(Float32Array.from(tensor.data)) };
    case "double":
      return { raw_data: bytes(Float64Array.from(tensor.data)) };
    case "int64":
      return { raw_data: bytes(BigInt64Array.from(tensor.data as readonly number[], BigInt)) };
    case "bool":
      return { raw_data: Uint8Array.from(tensor.data, Number) };
    case "string":
      return { string_data: tensor.data.map(utf8) };
  }
}

// Raw data is little-endian, as are all platforms that Node and ONNX Runtime are built for.
function bytes(array: Float32Array | Float64Array | BigInt64Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

export function utf8(text: string): Uint8Array {
  return Buffer.from(text, "utf8");
}
