import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sha256 } from "../../../config/canonical-json.ts";
import { ServerError } from "../../object-storage/server-error.ts";
import type { NewItem, PackedVersion, VersionShelf } from "../remote-store.ts";
import {
  findArtifact,
  type Layer,
  parsed,
  putManifest,
  putTag,
  readManifest,
  repositoriesIn,
  untilTaken,
} from "./artifact.ts";
import { downloadBlob } from "./download-blob.ts";
import { putReferrer } from "./referrer.ts";
import type { RegistryClient } from "./registry-client.ts";
import { uploadBlob } from "./upload-blob.ts";

/** Versions in a registry of containers, a layer a file, so that `oras pull host/name:rent-v3` gives the folder that MLflow loads. */
export function openVersionShelf(client: RegistryClient): VersionShelf {
  return {
    async put(version, scratch) {
      const there = await findArtifact(client, version.name);
      if (there && version.bundle) await putReferrer(client, there.body, version.bundle);
      if (there) return 0;
      const layers = version.files.map(({ name, bytes }) => layerOf(name, bytes));
      const item = itemOf(version, layers);
      const artifact = { item, layers, ...describe(version) };
      await untilTaken(async () => {
        for (const [at, { name, bytes }] of version.files.entries()) {
          const path = join(scratch, name);
          await writeFile(path, bytes);
          await uploadBlob(client, { path, bytes: bytes.length, digest: layers[at]!.digest });
        }
        await putManifest(client, artifact, client.now());
      });
      const sent = version.bundle && (await findArtifact(client, version.name));
      if (sent && version.bundle) await putReferrer(client, sent.body, version.bundle);
      return item.bytes;
    },
    async get(name, folder) {
      const found = await findArtifact(client, name);
      if (found === null) return null;
      for (const { file, ...layer } of found.layers) {
        if (!/^[A-Za-z0-9][\w.-]*$/.test(file)) throw oddName(client, name, file);
        if (!(await downloadBlob(client, layer, join(folder, file)))) return null;
      }
      return found.layers.map(({ file }) => file);
    },
    async publish(name, alias, repository) {
      const found = await findArtifact(client, name);
      if (found === null || !isTag(alias)) return false;
      const there = await readManifest(client, alias);
      if (there?.equals(found.body)) return true;
      if (there && !repositoriesIn(parsed(there)).includes(repository)) return false;
      await putTag(client, alias, found.body);
      return true;
    },
  };
}

function isTag(text: string): boolean {
  return /^\w[\w.-]{0,127}$/.test(text);
}

function itemOf({ name, model, version, repository }: PackedVersion, layers: readonly Layer[]): NewItem {
  const bytes = layers.reduce((sum, layer) => sum + layer.bytes, 0);
  return { name, bytes, sha256: null, ref: null, labels: { model, version, repositories: [repository] } };
}

function layerOf(file: string, bytes: Uint8Array): Layer {
  return {
    file,
    mediaType: `application/vnd.cncf.model.${kindOf(file)}.v1.raw`,
    digest: sha256(bytes),
    bytes: bytes.length,
  };
}

function kindOf(file: string): string {
  if (file.endsWith(".onnx")) return "weight";
  if (file.endsWith(".py")) return "code";
  return file.endsWith(".md") ? "doc" : "weight.config";
}

function describe({ model, version, type, description, created, commit, repository }: PackedVersion) {
  const descriptor = {
    createdAt: created,
    name: model,
    version: String(version),
    title: `${model} version ${version}`,
    ...(description && { description }),
    ...(repository.includes(".") && !repository.startsWith("/") && { sourceURL: `https://${repository}` }),
    ...(commit && { revision: commit }),
  };
  return { descriptor, config: { architecture: type, format: "onnx" }, title: descriptor.title };
}

function oddName({ title }: RegistryClient, name: string, file: string): ServerError {
  const message = `${name} in ${title} has a file ${JSON.stringify(file.slice(0, 100))}, which mergeml does not write`;
  return new ServerError(message, "to read the version", { status: null, code: null });
}
