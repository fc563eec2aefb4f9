import type { PublishedFile } from "../../data/stores/remote-store.ts";
import { modelFile } from "../../registry/stored-model.ts";
import { readInterface } from "../../training/onnx/interface.ts";
import { tritonConfig } from "./triton-config.ts";

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
