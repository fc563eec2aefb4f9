import type { PublishedFile } from "./data/stores/remote-store.ts";
import { UserError } from "./errors/expected-error.ts";
import { refuseProtected } from "./predictions/protected-places.ts";
import { readVersionFiles } from "./registry/read-records.ts";
import {
  inferenceService,
  mlserverFiles,
  refuseFilledFolder,
  tritonFiles,
  writeFolder,
} from "./serving/export/write-folder.ts";
import type { Workspace } from "./workspace/workspace.ts";

/** Other servers that a version can be exported for. */
export const exportTargets = ["mlserver", "triton", "kserve"] as const;

export type ExportTarget = (typeof exportTargets)[number];

export interface ExportJob {
  model: string;
  version: number;
  target: ExportTarget;
  /** Absolute, and as the user called it. */
  output: { path: string; name: string };
}

export interface ExportResult {
  model: string;
  version: number;
  target: ExportTarget;
  output: string;
  /** Paths inside of it. */
  files: readonly string[];
  /** Where KServe reads the model; null of other servers, which read the folder itself. */
  storage_uri: string | null;
  /** What is left to do before KServe can read it, as commands; empty when nothing is. */
  next: readonly string[];
}

/**
 * Writes a registered version, whose bytes are checked first, as another server reads it: a model repository of MLServer or
 * Triton, or for KServe an InferenceService and what its storage URI names. Throws UserError for a folder that is not empty, a
 * model that the server cannot load, and a store that KServe cannot read.
 */
export async function exportVersion(workspace: Workspace, job: ExportJob): Promise<ExportResult> {
  const { path, name } = job.output;
  await refuseFilledFolder(path, name);
  await refuseProtected(workspace, { name: `--output ${name}`, path, hint: "name another folder, such as out" });
  const { files, storageUri, next } = await contentOf(workspace, job);
  await writeFolder(path, files);
  return {
    model: job.model,
    version: job.version,
    target: job.target,
    output: path,
    files: files.map((file) => file.path),
    storage_uri: storageUri,
    next,
  };
}

interface ExportContent {
  files: readonly PublishedFile[];
  storageUri: string | null;
  next: readonly string[];
}

async function contentOf(workspace: Workspace, { model, version, target, output }: ExportJob): Promise<ExportContent> {
  const snapshot = await workspace.registry.snapshot({ fetch: true });
  const record = await snapshot.trusted(model, version);
  if (target === "mlserver") {
    const files = await mlserverFiles(model, version, readVersionFiles(workspace.git, snapshot, record));
    return { files, storageUri: null, next: [] };
  }
  const files = await tritonFiles(model, version, await snapshot.modelBytes(model, version));
  if (target === "triton") return { files, storageUri: null, next: [] };
  const { sha256: digest } = record.candidate.model;
  const service = (storageUri: string): PublishedFile => ({
    path: "inference-service.yaml",
    content: inferenceService({ model, version, digest, storageUri }),
  });
  const image = imageOf(workspace.repository.store, model, version);
  if (image !== null) {
    const storageUri = `oci://${image}`;
    const inImage = files.map((file) => ({ ...file, path: `models/${file.path}` }));
    const next = [`docker build -t ${image} ${output.name}`, `docker push ${image}`];
    return { files: [service(storageUri), { path: "Dockerfile", content: modelImage }, ...inImage], storageUri, next };
  }
  const publish = workspace.store.shared?.remote.publish;
  if (publish === undefined) throw unreadableStore(workspace);
  const storageUri = await publish(`kserve/${model}/${version}`, files);
  return { files: [service(storageUri)], storageUri, next: [] };
}

/** KServe starts it beside the server and reads `/models` of it, for which it needs a shell. */
const modelImage = `FROM busybox:1.37
COPY models /models
USER 65534:65534
`;

/** Where an image of a version goes in a store that is a registry of containers: beside what the store keeps, under a tag of its own. */
function imageOf(store: string, model: string, version: number): string | null {
  const [, repository] = /^oci:\/\/(.+?)\/*$/i.exec(store) ?? [];
  return repository === undefined ? null : `${repository.toLowerCase()}:${model}-v${version}`;
}

function unreadableStore({ store }: Workspace): UserError {
  return new UserError({
    message: `KServe cannot read the store, ${store.title}: nothing was written`,
    hint: "name a bucket or a registry of containers as store in mergeml.yaml (s3://acme-models/store?region=eu-central-1, azure://…, oci://…), or write a folder for Triton and bring it to a volume yourself: --for triton",
    key: "store",
  });
}
