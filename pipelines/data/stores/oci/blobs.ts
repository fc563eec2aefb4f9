import { open } from "node:fs/promises";
import { innermostMessage } from "../../../ports/request.ts";
import { type Answer, FinalError } from "../../object-storage/plain-answer.ts";
import { type HttpAnswer, ServerError } from "../../object-storage/send-request.ts";
import { openAnswer, receiveFile, sendFile } from "../../object-storage/stream-request.ts";
import type { RegistryClient } from "./registry-client.ts";

/** Bytes of a part; a registry gets a large blob in several requests, so that a lost one costs little. */
const partBytes = 32 * 1024 * 1024;
/** How often an upload begins anew before the registry counts as down. */
const mostUploads = 6;
/** How often a part is sent again in one upload. */
const mostParts = 5;

interface Blob {
  path: string;
  bytes: number;
  /** `sha256:…`; of a promise, it is computed while the content is sent. */
  digest: string | Promise<string>;
}

/**
 * Sends a blob that the registry does not have, and gives its digest. It is there whole, by its digest, or not at all: first in one
 * request, as others do, and in parts when that was cut.
 */
export async function uploadBlob(client: RegistryClient, blob: Blob): Promise<string> {
  if (typeof blob.digest === "string" && (await hasBlob(client, blob.digest))) return blob.digest;
  for (let attempt = 1; ; attempt += 1) {
    try {
      await uploadOnce(client, blob, attempt === 1);
      return await blob.digest;
    } catch (error) {
      // What was lost on the way may be all that was wrong: an upload that is unknown or has other bytes begins anew.
      const begins = error instanceof ServerError && !isFinal(error);
      if (!begins || attempt === mostUploads) throw error;
      if (await hasBlob(client, await blob.digest)) return blob.digest;
    }
  }
}

function isFinal({ facts: { status } }: ServerError): boolean {
  return status === 401 || status === 403 || status === 405 || status === 413;
}

async function hasBlob(client: RegistryClient, digest: string): Promise<boolean> {
  const answer = await client.ask({ method: "HEAD", path: `blobs/${digest}`, action: "pull", answers: [404] });
  return answer.status !== 404;
}

async function uploadOnce(client: RegistryClient, blob: Blob, isFirst: boolean): Promise<void> {
  const { path, bytes, digest } = blob;
  await using file = await open(path);
  const started = await client.ask({ method: "POST", path: "blobs/uploads/", action: "push" });
  let location = locationOf(client, started, null);
  let begun = 0;
  if (isFirst && bytes > 0) {
    const streamed = await streamWhole(client, location, blob);
    const status = streamed ?? (await client.ask({ method: "GET", path: location, action: "push" }));
    location = locationOf(client, status, location);
    begun = streamed ? bytes : arrived(status);
  }
  const whole = Buffer.allocUnsafe(Math.min(partBytes, bytes));
  for (let [start, again] = [begun, 0]; start < bytes; ) {
    const length = Math.min(partBytes, bytes - start);
    const { bytesRead } = await file.read(whole, 0, length, start);
    if (bytesRead !== length) throw new Error(`${path} became shorter while it was read`);
    const buffer = whole.subarray(0, length);
    const headers = { "content-range": `${start}-${start + length - 1}`, "content-type": "application/octet-stream" };
    const sent = client.ask({ method: "PATCH", path: location, action: "push", headers, body: buffer, once: true });
    const answer = await sent.catch((error: unknown) => {
      if (!(error instanceof ServerError) || isFinal(error) || again++ === mostParts) throw error;
      return null;
    });
    if (answer) {
      location = locationOf(client, answer, location);
      start += length;
      continue;
    }
    // How much of the part arrived, the registry knows; one that has lost the upload throws, and it begins anew.
    const status = await client.ask({ method: "GET", path: location, action: "push" });
    location = locationOf(client, status, location);
    start = arrived(status);
  }
  const last = new URL(location);
  last.searchParams.set("digest", await digest);
  await client.ask({ method: "PUT", path: last.href, action: "push" });
}

/** All of it in one request; null when that failed. */
async function streamWhole(
  client: RegistryClient,
  url: string,
  { path, bytes }: Blob,
): Promise<Pick<HttpAnswer, "headers"> | null> {
  const headers = { "content-type": "application/octet-stream", ...(await client.headersFor("push")) };
  try {
    const answer = await sendFile({ method: "PATCH", url, headers }, path, bytes);
    answer.resume();
    if (answer.statusCode !== 202) return null;
    return { headers: new Headers({ ...(answer.headers.location && { location: answer.headers.location }) }) };
  } catch {
    return null; // in parts, it will be told what is wrong
  }
}

function arrived({ headers }: Pick<HttpAnswer, "headers">): number {
  const [, end] = /^(?:bytes=)?\d+-(\d+)$/.exec(headers.get("range") ?? "") ?? [];
  // "0-0" is how some say that nothing has arrived.
  return end === undefined || end === "0" ? 0 : Number(end) + 1;
}

/** Where an upload goes on; never on another host, which would get our token. */
function locationOf(
  { base, title }: RegistryClient,
  { headers }: Pick<HttpAnswer, "headers">,
  before: string | null,
): string {
  const given = headers.get("location");
  if (given === null && before !== null) return before;
  const url = given !== null && URL.canParse(given, base) ? new URL(given, base) : null;
  if (url === null || url.host !== new URL(base).host)
    throw new ServerError(`${title} does not say where an upload goes on`, "to send a blob", {
      status: null,
      code: null,
    });
  return url.href;
}

/** Writes a blob to a file, going on where a connection was cut, and gives the digest of what arrived; null when the registry does not have it. Who asks compares the digest. */
export async function downloadBlob(
  client: RegistryClient,
  { digest, bytes }: { digest: string; bytes: number },
  path: string,
): Promise<string | null> {
  try {
    return await receiveFile((at) => openBlob(client, { digest, at, bytes }), { path, bytes });
  } catch (error) {
    if (error instanceof FinalError && error.cause instanceof ServerError) throw error.cause;
    const facts = { status: null, code: null };
    const message = `${client.title} cannot be read: ${innermostMessage(error as Error)}`;
    throw new ServerError(message, `GET blobs/${digest}`, facts, { cause: error });
  }
}

interface Wanted {
  digest: string;
  at: number;
  bytes: number;
}

/** Registries send on to where blobs are, which must not get our token. */
async function openBlob(client: RegistryClient, { digest, at, bytes }: Wanted): Promise<Answer | null> {
  const range: Record<string, string> = at > 0 ? { range: `bytes=${at}-` } : {};
  const ask = (url: string, headers: Record<string, string>) =>
    openAnswer({ url, headers: { ...range, ...headers } }, bytes - at);
  let url = `${client.base}/blobs/${digest}`;
  let answer = await ask(url, await client.headersFor("pull"));
  for (let hops = 0; isRedirect(answer) && hops < 3; hops += 1) {
    answer.drop();
    url = new URL(answer.headers.location ?? "", url).href;
    answer = await ask(url, {});
  }
  const { status } = answer;
  if (status === 200 || status === 206) return answer;
  answer.drop();
  if (status === 404) return null;
  if (status >= 500 || status === 429) throw new Error(`HTTP ${status}`);
  const message = `${client.title} refused it (HTTP ${status})`;
  const cause = new ServerError(message, `GET blobs/${digest}`, { status, code: null });
  throw new FinalError(message, { cause });
}

function isRedirect({ status }: Answer): boolean {
  return status >= 300 && status < 400;
}
