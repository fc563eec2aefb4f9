import { UserError } from "../../errors/user-error.ts";
import type { DeclaredTensor, ModelInterface } from "../../training/onnx/interface.ts";

/** Rows that Triton may hand over at once: of more, intermediate results no longer stay in a core's cache. */
const largestBatch = 4096;

/** Triton's names of ONNX Runtime's types (https://github.com/triton-inference-server/common, model_config.proto). */
const typeNames: Readonly<Record<string, string>> = {
  float16: "TYPE_FP16",
  float32: "TYPE_FP32",
  float64: "TYPE_FP64",
  int8: "TYPE_INT8",
  int16: "TYPE_INT16",
  int32: "TYPE_INT32",
  int64: "TYPE_INT64",
  uint8: "TYPE_UINT8",
  uint16: "TYPE_UINT16",
  uint32: "TYPE_UINT32",
  uint64: "TYPE_UINT64",
  bool: "TYPE_BOOL",
  string: "TYPE_STRING",
};

/**
 * config.pbtxt of a model whose folder has its ONNX file as `<version>/model.onnx`: protobuf text of `inference.ModelConfig`. It
 * computes on the CPU with one thread, as where it was judged. Throws UserError for a model that Triton cannot load.
 */
export function tritonConfig(model: string, { inputs, outputs }: ModelInterface): string {
  const isBatched = [...inputs, ...outputs].every(({ shape }) => isOpen(shape[0]));
  const blockOf = (kind: string) => (tensor: DeclaredTensor) => tensorBlock(model, kind, tensor, isBatched);
  return [
    `name: ${quoted(model)}`,
    'backend: "onnxruntime"',
    `max_batch_size: ${isBatched ? largestBatch : 0}`,
    ...inputs.map(blockOf("input")),
    ...outputs.map(blockOf("output")),
    "instance_group [{ kind: KIND_CPU }]",
    ...(isBatched ? ["dynamic_batching { }"] : []),
    ...["intra_op_thread_count", "inter_op_thread_count"].map(
      (key) => `parameters { key: ${quoted(key)} value { string_value: "1" } }`,
    ),
    "",
  ].join("\n");
}

function tensorBlock(model: string, kind: string, { name, type, shape }: DeclaredTensor, isBatched: boolean): string {
  const typeName = type === null ? undefined : typeNames[type];
  if (typeName === undefined) throw notForTriton(model, kind, name);
  const own = (isBatched ? shape.slice(1) : shape).map((size) => (isOpen(size) ? -1 : size));
  // `dims` is never empty: a number a row is a list of one to callers, and none to the model.
  const dims = own.length > 0 ? `dims: [${own.join(", ")}]` : "dims: [1] reshape { shape: [ ] }";
  return `${kind} [{ name: ${quoted(name)} data_type: ${typeName} ${dims} }]`;
}

function isOpen(size: number | string | undefined): boolean {
  return typeof size !== "number" || size < 0;
}

/** A text as protobuf's text format writes it. */
function quoted(text: string): string {
  const escaped = text.replaceAll(/[\\"]/g, (character) => `\\${character}`);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a line feed would end the text.
  return `"${escaped.replaceAll(/[\u0000-\u001f\u007f]/g, (each) => `\\${each.charCodeAt(0).toString(8).padStart(3, "0")}`)}"`;
}

function notForTriton(model: string, kind: string, name: string): UserError {
  return new UserError({
    message: `Triton cannot load ${model}: its ${kind} ${JSON.stringify(name)} is no tensor that it knows`,
    hint: "have the trainer write tensors alone, without ZipMap (skl2onnx: options={'zipmap': False}), or export for mlserver",
  });
}
