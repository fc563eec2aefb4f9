import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sha256 } from "../../../config/canonical-json.ts";
import { UserError } from "../../../errors/expected-error.ts";
import type { Clock, Environment } from "../../../ports/host.ts";
import { ServerError } from "../../object-storage/send-request.ts";
import {
  type ItemLabels,
  itemNameOf,
  type NewItem,
  type PackedVersion,
  plainItemName,
  type RemoteStore,
  type StoredItem,
  type VersionShelf,
} from "../remote-store.ts";
import {
  type Artifact,
  type FoundArtifact,
  findArtifact,
  type Layer,
  parsed,
  putManifest,
  putReferrer,
  putTag,
  readManifest,
  repositoriesIn,
  untilTaken,
} from "./artifact.ts";
import { downloadBlob, uploadBlob } from "./blobs.ts";
import { deletePackageVersion, sweepPackage } from "./github-packages.ts";
import {
  openRegistryClient,
  type RegistryClient,
  type RegistrySettings,
  registryCredentials,
} from "./registry-client.ts";

/** `oci://host/name`. Throws UserError for an address that is none. */
export function openOciStore(address: string, { env, clock }: { env: Environment; clock: Clock }): RemoteStore {
  const [, host, name] = /^oci:\/\/([a-z0-9.-]+(?::\d+)?|\[::1\]:\d+)\/(.+?)\/*$/i.exec(address) ?? [];
  if (!host || !name || !/^[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*$/.test(name))
    throw new UserError({
      message: `store in mergeml.yaml: ${JSON.stringify(address)} is no repository of a registry`,
      hint: "in lower case and without a tag, for example oci://ghcr.io/acme/models",
      key: "store",
    });
  return ociStore({ host: host.toLowerCase(), name, credentials: registryCredentials(host.toLowerCase(), env), clock });
}

/**
 * A store in a registry of containers: one artifact a dataset, a model or a step, as the CNCF's ModelPack describes them
 * (https://github.com/modelpack/model-spec), each under a tag of its name. The manifest is put last, and needs its blobs.
 */
function ociStore(settings: RegistrySettings): RemoteStore {
  const client = openRegistryClient(settings);
  const find = (name: string) => findArtifact(client, name);
  const isGithub = settings.host === "ghcr.io";
  return {
    title: client.title,
    signedIn: client.signedIn,
    now: client.now,
    find,
    list: () => listArtifacts(client, find),
    async put(item, file) {
      const blob = { path: file, bytes: item.bytes, digest: item.sha256 };
      await untilTaken(async () => {
        const sha256 = await uploadBlob(client, blob);
        if (!(await find(item.name))) await putManifest(client, artifactOf({ ...item, sha256 }), client.now());
      });
    },
    async get(item, file) {
      const found = "layers" in item ? (item as FoundArtifact) : await find(item.name);
      const [layer] = found?.layers ?? [];
      const sha256 = layer ? await downloadBlob(client, layer, file) : null;
      return sha256 === null ? null : { sha256 };
    },
    async renew(item, labels) {
      const found = await find(item.name);
      if (found === null) return;
      const { manifest: before } = found;
      const digest = await putManifest(client, artifactOf({ ...found, labels }), client.now());
      if (digest !== before && !isGithub) await deleteManifest(client, before);
    },
    async delete(item) {
      const found = await find(item.name);
      if (found === null || found.stored.getTime() !== item.stored.getTime()) return;
      if (isGithub) await deletePackageVersion(settings, found.manifest);
      else await deleteManifest(client, found.manifest);
    },
    versions: openVersionShelf(client),
    // Registries end uploads that nobody finished, and blobs that no manifest names, by themselves.
    sweep: async (before) => (isGithub ? sweepPackage(settings, before) : 0),
    async [Symbol.asyncDispose]() {},
  };
}

async function* listArtifacts(
  client: RegistryClient,
  find: (name: string) => Promise<FoundArtifact | null>,
): AsyncGenerator<StoredItem> {
  for (let path: string | null = "tags/list?n=500"; path !== null; ) {
    const answer = await client.ask({ method: "GET", path, action: "pull", answers: [404] });
    if (answer.status === 404) return;
    const { tags } = parsed(answer.body);
    const names = (Array.isArray(tags) ? tags : [])
      .map((tag) => itemNameOf(String(tag)))
      .filter((name) => name !== null);
    for (let at = 0; at < names.length; at += 8)
      yield* (await Promise.all(names.slice(at, at + 8).map(find))).filter((item) => item !== null);
    path = nextPage(client, answer.headers.get("link"));
  }
}

function nextPage({ base }: RegistryClient, link: string | null): string | null {
  const target = /<([^>]+)>\s*;\s*rel="?next"?/.exec(link ?? "")?.[1];
  if (target === undefined) return null;
  const url = new URL(target, base);
  return url.host === new URL(base).host ? url.href : null;
}

/** A dataset, a model or a step: one file. */
function artifactOf(item: NewItem): Artifact {
  const { name, labels, bytes, sha256 } = item;
  const [mediaType, extension] = layerType(item);
  const layer = { file: `${plainItemName(name)}${extension}`, mediaType, digest: sha256 ?? "", bytes };
  const descriptor = { name: labels.model ?? plainItemName(name) };
  return { item, layers: [layer], descriptor, config: {}, title: titleOf(labels, name) };
}

function layerType({ name, ref }: NewItem): [string, string] {
  if (ref) return ["application/vnd.cncf.model.dataset.v1.raw", ".parquet"];
  if (name.startsWith("sha256:")) return ["application/vnd.cncf.model.weight.v1.raw", ".onnx"];
  return ["application/vnd.cncf.model.doc.v1.raw", ""];
}

function titleOf({ model, split }: ItemLabels, name: string): string {
  return model ? `${model} ${split ?? "model"}` : name;
}

async function deleteManifest(client: RegistryClient, digest: string): Promise<void> {
  await client.ask({ method: "DELETE", path: `manifests/${digest}`, action: "delete", answers: [404] });
}

/** Versions in a registry of containers, a layer a file, so that `oras pull host/name:rent-v3` gives the folder that MLflow loads. */
function openVersionShelf(client: RegistryClient): VersionShelf {
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
