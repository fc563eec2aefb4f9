import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { EnvironmentError, UserError } from "../../../pipelines/errors/expected-error.ts";
import type { Log } from "../../../pipelines/ports/host.ts";
import type { Downloaded } from "./artifact.ts";
import type { GitHub } from "./client.ts";

/** More is not read: the run is of somebody else's pull request. */
const most = { artifacts: 4_500, bytesEach: 8 * 1024 * 1024, bytesTogether: 200 * 1024 * 1024 };
const filesEach = 10;
const downloadSeconds = 60;

/**
 * Downloads the artifacts of another run whose names begin with `prefix`, each into a folder of its own, the newest of each
 * name. They are hostile data: one that is too large, holds links or other oddities is left out with a warning.
 */
export async function downloadFromRun(
  github: GitHub,
  { runId, prefix, folder, log }: { runId: number; prefix: string; folder: string; log: Log },
): Promise<Downloaded[]> {
  const done: Downloaded[] = [];
  for (const { id, name } of await listNewest(github, runId, prefix)) {
    const path = join(folder, name);
    await mkdir(path, { recursive: true });
    try {
      await unzip(await download(github, id), path, { files: filesEach, bytes: most.bytesEach });
      done.push({ name, folder: path });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      log.warn(`${name}: ${error.message}`);
      await rm(path, { recursive: true, force: true });
    }
  }
  return done;
}

async function listNewest(
  { octokit, owner, repo }: GitHub,
  runId: number,
  prefix: string,
): Promise<readonly { id: number; name: string }[]> {
  const request = { owner, repo, run_id: runId, per_page: 100 };
  const newest = new Map<string, { id: number; name: string; size_in_bytes: number }>();
  let seen = 0;
  for await (const { data } of octokit.paginate.iterator(octokit.rest.actions.listWorkflowRunArtifacts, request)) {
    seen += data.length;
    if (seen > most.artifacts) throw tooMuch(`more than ${most.artifacts} artifacts`);
    for (const each of data) {
      const isOurs = each.name.startsWith(prefix) && /^[a-z0-9-]{1,200}$/.test(each.name) && !each.expired;
      if (isOurs && each.id > (newest.get(each.name)?.id ?? 0)) newest.set(each.name, each);
    }
  }
  const bytes = [...newest.values()].reduce((sum, each) => sum + each.size_in_bytes, 0);
  if (bytes > most.bytesTogether) throw tooMuch(`artifacts of ${bytes} bytes for the report`);
  return [...newest.values()];
}

function tooMuch(what: string): UserError {
  const message = `the pull request's run has ${what}; that is not read`;
  return new UserError({ message, hint: "run the workflow again from a clean branch" });
}

/** The API answers with an address that needs no token, and must not be given ours. */
async function download({ octokit, owner, repo }: GitHub, id: number): Promise<Buffer> {
  const request = { owner, repo, artifact_id: id, archive_format: "zip" };
  const { headers } = await octokit.rest.actions.downloadArtifact({ ...request, request: { redirect: "manual" } });
  try {
    const answer = await fetch(headers.location ?? "", { signal: AbortSignal.timeout(downloadSeconds * 1_000) });
    if (!answer.ok || !answer.body) throw new Error(`status ${answer.status}`);
    return await readAtMost(answer.body, most.bytesEach);
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    const tried = `downloading the artifact ${id} of the pull request's run`;
    const safe = "Nothing was posted or changed; running the job again is safe.";
    throw new EnvironmentError(`the artifact store failed: ${(cause as Error).message}`, { tried, safe }, { cause });
  }
}

interface UnzipLimits {
  files: number;
  /** Of all files together, unpacked. */
  bytes: number;
}

/**
 * Unpacks an archive that may come from anybody into a folder: plain files with plain names only, so that nothing is written
 * elsewhere, and no more than the limits, whatever its headers claim. Throws UserError for anything else.
 */
export async function unzip(archive: Buffer, folder: string, limits: UnzipLimits): Promise<void> {
  const { fromBufferPromise } = await import("yauzl");
  try {
    const zip = await fromBufferPromise(archive);
    if (zip.entryCount > limits.files)
      throw refused(`it has ${zip.entryCount} files; at most ${limits.files} are read`);
    let left = limits.bytes;
    for await (const entry of zip.eachEntry()) {
      if (!isPlainName(entry.fileName))
        throw refused(`a file of it is called ${JSON.stringify(entry.fileName.slice(0, 80))}`);
      if (!isPlainFile(entry)) throw refused(`${entry.fileName} is not a plain file`);
      const content = await readAtMost(await zip.openReadStreamPromise(entry), left);
      left -= content.length;
      await writeFile(join(folder, entry.fileName), content, { flag: "wx" });
    }
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    throw refused(`it is not a sound archive: ${(cause as Error).message.slice(0, 100)}`, cause);
  }
}

/** Collects a stream, and stops reading it when it turns out longer than `most` bytes. */
async function readAtMost(stream: AsyncIterable<Uint8Array>, most: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes > most) throw refused(`it is larger than ${most} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function isPlainName(name: string): boolean {
  return /^[A-Za-z0-9][\w-]*(\.[\w-]+)*$/.test(name);
}

/** The upper half of the attributes is Unix's mode; archives made elsewhere have none. */
function isPlainFile({ externalFileAttributes }: { externalFileAttributes: number }): boolean {
  const type = (externalFileAttributes >>> 16) & 0o170000;
  return type === 0 || type === 0o100000;
}

function refused(why: string, cause?: unknown): UserError {
  const message = `an artifact cannot be used: ${why}`;
  return new UserError({ message, hint: "run the workflow again from a clean branch" }, ...(cause ? [{ cause }] : []));
}
