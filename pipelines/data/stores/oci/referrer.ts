import { sha256 as digestOf } from "../../../config/canonical-json.ts";
import { manifestType, parsed, readManifest, uploadText } from "./artifact.ts";
import type { RegistryClient } from "./registry-client.ts";

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
