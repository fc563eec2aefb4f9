import type { Answer } from "./answer.ts";

/** An artifact as the API lists it, with its bytes. */
export interface StoredArtifact {
  run: number;
  name: string;
  zip: Buffer;
}

/** Artifacts of other runs: the list, the redirect to the archive, and the archive. null for another path. */
export function artifactRoute(artifacts: readonly StoredArtifact[], path: string): Answer | null {
  const [, run] = /^\/actions\/runs\/(\d+)\/artifacts$/.exec(path) ?? [];
  if (run) {
    const listed = artifacts.flatMap(({ run: of, name, zip }, index) =>
      of === Number(run) ? [{ id: index + 1, name, size_in_bytes: zip.length, expired: false }] : [],
    );
    return { status: 200, body: JSON.stringify({ total_count: listed.length, artifacts: listed }) };
  }
  const [, id] = /^\/actions\/artifacts\/(\d+)\/zip$/.exec(path) ?? [];
  if (id) return { status: 302, body: "", headers: { location: `/artifact-blobs/${id}` } };
  const [, blob] = /^\/artifact-blobs\/(\d+)$/.exec(path) ?? [];
  const found = artifacts[Number(blob) - 1];
  return found ? { status: 200, body: found.zip, headers: { "content-type": "application/zip" } } : null;
}
