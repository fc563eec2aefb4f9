import { stringify } from "yaml";

/** What KServe is told of a version. */
export interface ServiceFacts {
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
