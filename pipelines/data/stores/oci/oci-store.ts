import { createHash } from "node:crypto";
import { UserError } from "../../../errors/user-error.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { Environment } from "../../../ports/environment.ts";
import { readItemRecord, writeItemRecord } from "../item-record.ts";
import {
  type ItemLabels,
  itemNameOf,
  type NewItem,
  plainItemName,
  type RemoteStore,
  type StoredItem,
} from "../remote-store.ts";
import { downloadBlob } from "./download-blob.ts";
import { deletePackageVersion, sweepPackage } from "./github-packages.ts";
import { openRegistryClient, type RegistryClient, type RegistrySettings } from "./registry-client.ts";
import { registryCredentials } from "./registry-credentials.ts";
import { type Blob, uploadBlob } from "./upload-blob.ts";

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

interface FoundArtifact extends StoredItem {
  /** Of the manifest. */
  manifest: string;
  layer: string;
}

const manifestType = "application/vnd.oci.image.manifest.v1+json";
/** Where our record of an item stands in its manifest. */
const recordKey = "org.mergeml.record";

/**
 * A store in a registry of containers: one artifact a dataset, a model or a step, as the CNCF's ModelPack describes them
 * (https://github.com/modelpack/model-spec), each under a tag of its name. The manifest is put last, and needs its blobs.
 */
function ociStore(settings: RegistrySettings): RemoteStore {
  const client = openRegistryClient(settings);
  const { clock } = settings;
  const find = (name: string) => findArtifact(client, name);
  const isGithub = settings.host === "ghcr.io";
  return {
    title: client.title,
    signedIn: client.signedIn,
    find,
    list: () => listArtifacts(client, find),
    async put(item, file) {
      const blob = { path: file, bytes: item.bytes, digest: item.sha256 ?? "" };
      await putArtifact(client, item, blob, clock.now());
    },
    async get(item, file) {
      const found = "layer" in item ? (item as FoundArtifact) : await find(item.name);
      return found !== null && (await downloadBlob(client, { digest: found.layer, bytes: found.bytes }, file));
    },
    async renew(item, labels) {
      const found = await find(item.name);
      if (found === null) return;
      const { manifest: before } = found;
      const digest = await putManifest(client, { ...found, labels }, clock.now());
      if (digest !== before && !isGithub) await deleteManifest(client, before);
    },
    async delete(item) {
      const found = await find(item.name);
      if (found === null || found.stored.getTime() !== item.stored.getTime()) return;
      if (isGithub) await deletePackageVersion(settings, found.manifest);
      else await deleteManifest(client, found.manifest);
    },
    // Registries end uploads that nobody finished, and blobs that no manifest names, by themselves.
    sweep: async (before) => (isGithub ? sweepPackage(settings, before) : 0),
    async [Symbol.asyncDispose]() {},
  };
}

function digestOf(bytes: Uint8Array | string): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

async function findArtifact(client: RegistryClient, name: string): Promise<FoundArtifact | null> {
  const path = `manifests/${plainItemName(name)}`;
  const answer = await client.ask({
    method: "GET",
    path,
    action: "pull",
    headers: { accept: manifestType },
    answers: [404],
  });
  if (answer.status === 404) return null;
  const manifest = parsed(answer.body);
  const annotations = (manifest.annotations ?? {}) as Record<string, unknown>;
  const record = readItemRecord(String(annotations[recordKey] ?? ""), name);
  const [layer] = (Array.isArray(manifest.layers) ? manifest.layers : []) as { digest?: unknown; size?: unknown }[];
  // An artifact of somebody else's under our tag is not ours.
  if (
    record === null ||
    typeof layer?.digest !== "string" ||
    layer.digest !== record.sha256 ||
    layer.size !== record.bytes
  )
    return null;
  const stored = new Date(String(annotations["org.opencontainers.image.created"]));
  return { ...record, stored, layer: layer.digest, manifest: digestOf(answer.body) };
}

function parsed(body: Buffer): Record<string, unknown> {
  try {
    return JSON.parse(body.toString("utf8")) as Record<string, unknown>;
  } catch {
    return {};
  }
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

async function putArtifact(client: RegistryClient, item: NewItem, blob: Blob, now: Date): Promise<void> {
  // A registry may sweep a blob that no manifest names yet: then the manifest is refused, and the blob is sent again.
  for (let attempt = 1; ; attempt += 1) {
    await uploadBlob(client, blob);
    if (await findArtifact(client, item.name)) return;
    const refused = await putManifest(client, item, now).then(
      () => null,
      (error: unknown) => error as Error & { facts?: { status: number | null } },
    );
    if (refused === null) return;
    if (attempt === 3 || (refused.facts?.status !== 400 && refused.facts?.status !== 404)) throw refused;
  }
}

async function putManifest(client: RegistryClient, item: NewItem, now: Date): Promise<string> {
  const digest = item.sha256 ?? "";
  const config = JSON.stringify({
    descriptor: { name: item.labels.model ?? plainItemName(item.name) },
    modelfs: { type: "layers", diffIds: [digest] },
    config: {},
  });
  await uploadText(client, config);
  const [type, extension] = layerType(item);
  const body = JSON.stringify({
    schemaVersion: 2,
    mediaType: manifestType,
    artifactType: "application/vnd.cncf.model.manifest.v1+json",
    config: {
      mediaType: "application/vnd.cncf.model.config.v1+json",
      digest: digestOf(config),
      size: Buffer.byteLength(config),
    },
    layers: [
      {
        mediaType: type,
        digest,
        size: item.bytes,
        annotations: { "org.cncf.model.filepath": `${plainItemName(item.name)}${extension}` },
      },
    ],
    annotations: annotationsOf(item, now),
  });
  const path = `manifests/${plainItemName(item.name)}`;
  const headers = { "content-type": manifestType };
  await client.ask({ method: "PUT", path, action: "push", headers, body: Buffer.from(body) });
  return digestOf(body);
}

function layerType({ name, ref }: NewItem): [string, string] {
  if (ref) return ["application/vnd.cncf.model.dataset.v1.raw", ".parquet"];
  if (name.startsWith("sha256:")) return ["application/vnd.cncf.model.weight.v1.raw", ".onnx"];
  return ["application/vnd.cncf.model.doc.v1.raw", ""];
}

/** `source` is by what GitHub gives a package the rights of a repository. */
function annotationsOf({ name, bytes, sha256, ref, labels }: NewItem, now: Date): Record<string, string> {
  const record = { name, bytes, sha256, ref, labels, content: sha256 ?? "" };
  const [source] = labels.repositories;
  return {
    "org.opencontainers.image.created": now.toISOString(),
    ...(source?.includes(".") && !source.startsWith("/") && { "org.opencontainers.image.source": `https://${source}` }),
    "org.opencontainers.image.title": titleOf(labels, name),
    [recordKey]: JSON.stringify(JSON.parse(writeItemRecord(record))),
  };
}

function titleOf({ model, split }: ItemLabels, name: string): string {
  return model ? `${model} ${split ?? "model"}` : name;
}

async function uploadText(client: RegistryClient, text: string): Promise<void> {
  const digest = digestOf(text);
  const found = await client.ask({ method: "HEAD", path: `blobs/${digest}`, action: "pull", answers: [404] });
  if (found.status !== 404) return;
  const started = await client.ask({ method: "POST", path: "blobs/uploads/", action: "push" });
  const url = new URL(started.headers.get("location") ?? "", client.base);
  if (url.host !== new URL(client.base).host) return;
  url.searchParams.set("digest", digest);
  const headers = { "content-type": "application/octet-stream" };
  await client.ask({ method: "PUT", path: url.href, action: "push", headers, body: Buffer.from(text) });
}

async function deleteManifest(client: RegistryClient, digest: string): Promise<void> {
  await client.ask({ method: "DELETE", path: `manifests/${digest}`, action: "delete", answers: [404] });
}
