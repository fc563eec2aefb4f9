import { UserError } from "../../../errors/user-error.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { Environment } from "../../../ports/environment.ts";
import {
  type ItemLabels,
  itemNameOf,
  type NewItem,
  plainItemName,
  type RemoteStore,
  type StoredItem,
} from "../remote-store.ts";
import { type Artifact, type FoundArtifact, findArtifact, parsed, putManifest, untilTaken } from "./artifact.ts";
import { downloadBlob } from "./download-blob.ts";
import { deletePackageVersion, sweepPackage } from "./github-packages.ts";
import { openRegistryClient, type RegistryClient, type RegistrySettings } from "./registry-client.ts";
import { registryCredentials } from "./registry-credentials.ts";
import { uploadBlob } from "./upload-blob.ts";
import { openVersionShelf } from "./version-shelf.ts";

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
