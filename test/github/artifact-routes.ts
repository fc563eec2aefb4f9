import { type Answer, json } from "./answer.ts";

/** An artifact as the API lists it, with its bytes. */
export interface StoredArtifact {
  run: number;
  name: string;
  zip: Buffer;
}

/** Artifacts of other runs: the list, the redirect to the archive, and the archive. null for another path. */
export function artifactRoute(
  artifacts: readonly StoredArtifact[],
  { path, base, query }: { path: string; base: string; query: URLSearchParams },
): Answer | null {
  const [, run] = /^\/actions\/runs\/(\d+)\/artifacts$/.exec(path) ?? [];
  if (run) return list(artifacts, Number(run), base, query);
  const [, id] = /^\/actions\/artifacts\/(\d+)\/zip$/.exec(path) ?? [];
  if (id) return { status: 302, body: "", headers: { location: `/artifact-blobs/${id}` } };
  const [, blob] = /^\/artifact-blobs\/(\d+)$/.exec(path) ?? [];
  const found = artifacts[Number(blob) - 1];
  return found ? { status: 200, body: found.zip, headers: { "content-type": "application/zip" } } : null;
}

function list(artifacts: readonly StoredArtifact[], run: number, base: string, query: URLSearchParams): Answer {
  const of = artifacts.flatMap((artifact, index) => (artifact.run === run ? [shown(artifact, index + 1, base)] : []));
  const [size, page] = [Number(query.get("per_page") ?? 30), Number(query.get("page") ?? 1)];
  const listed = of.slice((page - 1) * size, page * size);
  const next = `${base}/actions/runs/${run}/artifacts?per_page=${size}&page=${page + 1}`;
  const answer = json(200, { total_count: of.length, artifacts: listed });
  return page * size < of.length ? { ...answer, headers: { link: `<${next}>; rel="next"` } } : answer;
}

function shown({ name, zip }: StoredArtifact, id: number, base: string): object {
  const url = `${base}/actions/artifacts/${id}`;
  const time = "2026-01-01T00:00:00Z";
  return {
    ...{ id, node_id: `A${id}`, name, size_in_bytes: zip.length, expired: false, url },
    ...{ archive_download_url: `${url}/zip`, created_at: time, updated_at: time, expires_at: time },
  };
}
