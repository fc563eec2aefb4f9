import { sha256 as digestOf } from "../../../config/canonical-json.ts";
import { readItemRecord, writeItemRecord } from "../item-record.ts";
import { type NewItem, plainItemName, type StoredItem } from "../remote-store.ts";
import type { RegistryClient } from "./registry-client.ts";

/** A file of an artifact. */
export interface Layer {
  /** Its name, for clients that write it down. */
  file: string;
  mediaType: string;
  /** `sha256:…` */
  digest: string;
  bytes: number;
}

/** What an artifact is made of, as the CNCF's ModelPack describes it: https://github.com/modelpack/model-spec */
export interface Artifact {
  item: NewItem;
  layers: readonly Layer[];
  /** Of the config: https://github.com/modelpack/model-spec/blob/main/docs/config.md */
  descriptor: Readonly<Record<string, unknown>>;
  config: Readonly<Record<string, unknown>>;
  title: string;
}

export interface FoundArtifact extends StoredItem {
  /** Digest of the manifest. */
  manifest: string;
  /** The manifest as it is stored. */
  body: Buffer;
  layers: readonly Layer[];
}

const manifestType = "application/vnd.oci.image.manifest.v1+json";
/** Where our record of an item stands in its manifest. */
const recordKey = "org.mergeml.record";

/** null where there is none, or one of somebody else's under our tag. */
export async function findArtifact(client: RegistryClient, name: string): Promise<FoundArtifact | null> {
  const body = await readManifest(client, plainItemName(name));
  if (body === null) return null;
  const manifest = parsed(body);
  const annotations = (manifest.annotations ?? {}) as Record<string, unknown>;
  const record = readItemRecord(String(annotations[recordKey] ?? ""), name);
  const layers = (Array.isArray(manifest.layers) ? manifest.layers : []).map(layerIn);
  if (record === null || !layers.every((layer) => layer !== null)) return null;
  const [layer] = layers;
  const isWhole =
    record.sha256 === null
      ? layers.length > 0 && layers.reduce((sum, { bytes }) => sum + bytes, 0) === record.bytes
      : layers.length === 1 && layer?.digest === record.sha256 && layer.bytes === record.bytes;
  if (!isWhole) return null;
  const stored = new Date(String(annotations["org.opencontainers.image.created"]));
  return { ...record, stored, layers, body, manifest: digestOf(body) };
}

/** The manifest under a tag; null when there is none. */
export async function readManifest(client: RegistryClient, tag: string, accept = manifestType): Promise<Buffer | null> {
  const headers = { accept };
  const answer = await client.ask({ method: "GET", path: `manifests/${tag}`, action: "pull", headers, answers: [404] });
  return answer.status === 404 ? null : answer.body;
}

/** Which repositories put an artifact, by its manifest; none for what is not ours. */
export function repositoriesIn({ annotations }: Record<string, unknown>): readonly string[] {
  const record = parsed(Buffer.from(String((annotations as Record<string, unknown> | undefined)?.[recordKey] ?? "")));
  return readItemRecord(JSON.stringify(record), String(record.name))?.labels.repositories ?? [];
}

function layerIn(value: unknown): Layer | null {
  const { mediaType, digest, size, annotations } = (value ?? {}) as Record<string, unknown>;
  const file = (annotations as Record<string, unknown> | undefined)?.["org.cncf.model.filepath"];
  return typeof mediaType === "string" &&
    typeof digest === "string" &&
    /^sha256:[0-9a-f]{64}$/.test(digest) &&
    typeof size === "number" &&
    typeof file === "string"
    ? { file, mediaType, digest, bytes: size }
    : null;
}

/** A JSON object; empty for what is none. */
export function parsed(body: Buffer): Record<string, unknown> {
  try {
    return (JSON.parse(body.toString("utf8")) ?? {}) as Record<string, unknown>;
  } catch {
    return {};
  }
}

/** Lets an artifact be seen under its item's name, once all its layers are there. Gives the manifest's digest. */
export async function putManifest(client: RegistryClient, artifact: Artifact, now: Date): Promise<string> {
  const { item, layers, descriptor, config: technical } = artifact;
  const modelfs = { type: "layers", diffIds: layers.map(({ digest }) => digest) };
  const config = JSON.stringify({ descriptor, config: technical, modelfs });
  await uploadText(client, config);
  const body = JSON.stringify({
    schemaVersion: 2,
    mediaType: manifestType,
    artifactType: "application/vnd.cncf.model.manifest.v1+json",
    config: {
      mediaType: "application/vnd.cncf.model.config.v1+json",
      digest: digestOf(config),
      size: Buffer.byteLength(config),
    },
    layers: layers.map(({ file, mediaType, digest, bytes }) => ({
      mediaType,
      digest,
      size: bytes,
      // The second is by what `oras pull` names the file.
      annotations: { "org.cncf.model.filepath": file, "org.opencontainers.image.title": file },
    })),
    annotations: annotationsOf(artifact, now),
  });
  await putTag(client, plainItemName(item.name), Buffer.from(body));
  return digestOf(body);
}

/** Lets a manifest be seen under a tag. */
export async function putTag(client: RegistryClient, tag: string, body: Buffer): Promise<void> {
  const headers = { "content-type": manifestType };
  await client.ask({ method: "PUT", path: `manifests/${tag}`, action: "push", headers, body });
}

/** `source` is by what GitHub gives a package the rights of a repository. */
function annotationsOf({ item, title }: Artifact, now: Date): Record<string, string> {
  const { name, bytes, sha256, ref, labels } = item;
  const record = { name, bytes, sha256, ref, labels, content: sha256 ?? "" };
  const [source] = labels.repositories;
  return {
    "org.opencontainers.image.created": now.toISOString(),
    ...(source?.includes(".") && !source.startsWith("/") && { "org.opencontainers.image.source": `https://${source}` }),
    "org.opencontainers.image.title": title,
    [recordKey]: JSON.stringify(JSON.parse(writeItemRecord(record))),
  };
}

/** Sends a small blob that is not there yet. */
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

/** A registry may sweep a blob that no manifest names yet: then the manifest is refused, and `send` sends what is not there again. */
export async function untilTaken(send: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await send();
      return;
    } catch (error) {
      const { status } = (error as { facts?: { status: number | null } }).facts ?? {};
      if (attempt === 3 || (status !== 400 && status !== 404)) throw error;
    }
  }
}

const bundleType = "application/vnd.dev.sigstore.bundle.v0.3+json";
const indexType = "application/vnd.oci.image.index.v1+json";
const emptyConfig = "{}";

/**
 * Puts a signed statement beside an artifact: a manifest with the artifact as its subject, as cosign and oras look for it
 * (https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-manifests-with-subject). A registry that
 * does not list referrers by itself gets the list under the tag that stands for it.
 */
export async function putReferrer(client: RegistryClient, subject: Buffer, bundle: Uint8Array): Promise<void> {
  const text = Buffer.from(bundle).toString("utf8");
  await uploadText(client, text);
  await uploadText(client, emptyConfig);
  const subjectDigest = digestOf(subject);
  const body = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: manifestType,
      artifactType: bundleType,
      config: descriptor("application/vnd.oci.empty.v1+json", Buffer.from(emptyConfig)),
      layers: [descriptor(bundleType, Buffer.from(text))],
      subject: descriptor(manifestType, subject),
      annotations: { "dev.sigstore.bundle.content": "dsse-envelope" },
    }),
  );
  const headers = { "content-type": manifestType };
  const path = `manifests/${digestOf(body)}`;
  const answer = await client.ask({ method: "PUT", path, action: "push", headers, body });
  if (answer.headers.get("oci-subject") !== null) return;
  await listByTag(client, subjectDigest.replace(":", "-"), {
    ...descriptor(manifestType, body),
    artifactType: bundleType,
  });
}

interface Listed {
  mediaType: string;
  digest: string;
  size: number;
}

async function listByTag(
  client: RegistryClient,
  tag: string,
  referrer: Listed & { artifactType: string },
): Promise<void> {
  const there = parsed((await readManifest(client, tag, indexType)) ?? Buffer.from("{}")).manifests;
  const others = (Array.isArray(there) ? (there as Listed[]) : []).filter(({ digest }) => digest !== referrer.digest);
  const body = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests: [...others, referrer] }),
  );
  const headers = { "content-type": indexType };
  await client.ask({ method: "PUT", path: `manifests/${tag}`, action: "push", headers, body });
}

function descriptor(mediaType: string, content: Buffer): Listed {
  return { mediaType, digest: digestOf(content), size: content.length };
}
