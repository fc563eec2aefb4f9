import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { stringify } from "yaml";
import type { PublishedFile } from "../../data/stores/remote-store.ts";
import { UserError } from "../../errors/expected-error.ts";
import { modelFile } from "../../registry/stored-model.ts";
import { type DeclaredTensor, type ModelInterface, readInterface } from "../../training/onnx/interface.ts";

/** Throws UserError unless a folder is empty or not there yet. */
export async function refuseFilledFolder(folder: string, name: string): Promise<void> {
  const found = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    if (error.code === "ENOTDIR") throw taken(`${name} is a file`);
    throw error;
  });
  if (found.length > 0) throw taken(`${name} is not empty (it has ${found.sort()[0]})`);
}

/** Writes all files beside the folder and renames: whoever looks sees all of them or none. */
export async function writeFolder(folder: string, files: readonly PublishedFile[]): Promise<void> {
  await mkdir(dirname(folder), { recursive: true });
  const aside = await mkdtemp(join(dirname(folder), `.${basename(folder)}-`));
  try {
    for (const { path, content } of files) {
      const target = join(aside, path);
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, content);
    }
    await rename(aside, folder);
  } catch (error) {
    await rm(aside, { recursive: true, force: true });
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOTEMPTY" || code === "EEXIST") throw taken(`${folder} was filled meanwhile`, error);
    throw error;
  }
}

function taken(what: string, cause?: unknown): UserError {
  const message = `--output ${what}: nothing was written`;
  return new UserError({ message, hint: "name a new or an empty folder" }, { cause });
}

/** A model repository of Triton with one version, under its own number, so that callers name the same version everywhere. */
export async function tritonFiles(model: string, version: number, bytes: Uint8Array): Promise<PublishedFile[]> {
  return [
    { path: `${model}/config.pbtxt`, content: tritonConfig(model, await readInterface(bytes)) },
    { path: `${model}/${version}/${modelFile}`, content: bytes },
  ];
}

/** A model repository of MLServer with one version: the folder that MLflow loads, and how MLServer is to load it. */
export async function mlserverFiles(
  model: string,
  version: number,
  files: AsyncIterable<{ name: string; bytes: Uint8Array }>,
): Promise<PublishedFile[]> {
  const settings = {
    name: model,
    implementation: "mlserver_mlflow.MLflowRuntime",
    parameters: { uri: ".", version: String(version) },
  };
  const exported: PublishedFile[] = [
    { path: `${model}/model-settings.json`, content: `${JSON.stringify(settings, null, 2)}\n` },
  ];
  for await (const { name, bytes } of files) exported.push({ path: `${model}/${name}`, content: bytes });
  return exported;
}

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

/** What KServe is told of a version. */
interface ServiceFacts {
  model: string;
  version: number;
  /** `sha256:…` of the model's bytes. */
  digest: string;
  /** Where KServe finds the folder that Triton reads. */
  storageUri: string;
}

/** An InferenceService of serving.kserve.io/v1beta1, as YAML: Triton, which KServe brings along, over the folder at the storage URI. */
export function inferenceService({ model, version, digest, storageUri }: ServiceFacts): string {
  return stringify({
    apiVersion: "serving.kserve.io/v1beta1",
    kind: "InferenceService",
    metadata: {
      name: serviceName(model),
      labels: { "app.kubernetes.io/managed-by": "mergeml" },
      annotations: {
        "mergeml/model": model,
        "mergeml/version": String(version),
        "mergeml/digest": digest,
      },
    },
    spec: {
      predictor: {
        model: {
          modelFormat: { name: "triton" },
          runtime: "kserve-tritonserver",
          protocolVersion: "v2",
          storageUri,
          resources: { requests: { cpu: "100m", memory: "512Mi" }, limits: { memory: "2Gi" } },
        },
      },
    },
  });
}

/** KServe makes host names of it, with parts of its own behind: it begins with a letter and is shorter than a label may be. */
export function serviceName(model: string): string {
  const name = /^[a-z]/.test(model) ? model : `m-${model}`;
  return name.slice(0, 40).replace(/-+$/, "");
}
