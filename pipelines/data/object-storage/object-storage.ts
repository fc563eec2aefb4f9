import { open } from "node:fs/promises";
import { EnvironmentError } from "../../errors/expected-error.ts";
import { hashFile } from "../hash-file.ts";
import { type Answer, FinalError } from "./plain-answer.ts";
import type { HttpRequest } from "./send-request.ts";
import { openAnswer, receiveFile, sendFile } from "./stream-request.ts";

/** What a listing or a look at one object tells. */
export interface ObjectFacts {
  key: string;
  bytes: number;
  /** Changes with the content; as the server writes it, without quotes. */
  etag: string;
  modified: Date;
}

/** Part of an object, in bytes. */
export interface ByteRange {
  start: number;
  length: number;
}

/** An object that arrives in parts: nothing of it is visible before `finish`. */
export interface PartedUpload {
  /** Number of the part, from 1; parts may come in any order and at once, and the same one again. */
  put(number: number, bytes: Uint8Array): Promise<void>;
  finish(): Promise<void>;
  /** Takes back what was sent. */
  abandon(): Promise<void>;
}

/** An upload that nobody finished. */
export interface Leftover {
  key: string;
  started: Date;
  remove(): Promise<void>;
}

/**
 * A container of objects on a server: a bucket, or a container of an Azure account. Requests are sent again while their failure
 * passes; then, and for a refusal, they throw EnvironmentError without a secret in its text.
 */
export interface ObjectStorage {
  /** Which it is, for messages: `the bucket acme-lake at s3.eu-central-1.amazonaws.com`. */
  readonly title: string;
  /** Whether requests are signed for somebody, so that a refusal is about rights. */
  readonly signedIn: boolean;
  /** The server's clock, as its last answer told it; ours before. */
  now(): Date;
  /** Objects whose key begins so, by key. */
  list(prefix: string): AsyncIterable<ObjectFacts>;
  /** null when there is no such object. */
  head(key: string): Promise<ObjectFacts | null>;
  /** The content, or a part of it; null when there is no such object, or its ETag is another one than was asked for. */
  get(key: string, options?: { range?: ByteRange; etag?: string }): Promise<Uint8Array | null>;
  /**
   * The content from a byte on, not read yet; null when there is no such object, or its ETag is another one. Sent once: throws
   * FinalError for a refusal, anything else for what may pass.
   */
  open(key: string, options: { start: number; bytes: number; etag?: string }): Promise<Answer | null>;
  /** Whole or not at all. With `ifAbsent` false is returned, and nothing written, when there is such an object. */
  put(key: string, bytes: Uint8Array, options?: { ifAbsent?: boolean }): Promise<boolean>;
  /** A file in one request, sent once; false when it did not arrive, for whatever reason. */
  send(key: string, file: { path: string; bytes: number }): Promise<boolean>;
  startUpload(key: string): Promise<PartedUpload>;
  /** Also when there is no such object. */
  delete(key: string): Promise<void>;
  /** Unfinished uploads below a prefix, where the server does not end them by itself. */
  leftovers(prefix: string): Promise<Leftover[]>;
}

/** Whole objects that are larger, in bytes, are read in parts. */
export const largestWhole = 64 * 1024 * 1024;

/** What the headers of an answer tell of an object. */
export function factsOfAnswer(key: string, headers: Headers): ObjectFacts {
  return {
    key,
    bytes: Number(headers.get("content-length") ?? 0),
    etag: unquoted(headers.get("etag") ?? ""),
    modified: new Date(headers.get("last-modified") ?? 0),
  };
}

/** An ETag without its quotes. */
export function unquoted(etag: string): string {
  return etag.replace(/^W\//, "").replaceAll('"', "");
}

/** Sends a signed GET and leaves its answer to be read: null for what is not there or has changed. */
export async function openObject(signed: HttpRequest, bytes: number): Promise<Answer | null> {
  const { url, headers = {} } = signed;
  const answer = await openAnswer({ url, headers }, bytes);
  const { status } = answer;
  if (status === 200 || status === 206) return answer;
  answer.drop();
  if (status === 404 || status === 412) return null;
  if (status >= 500 || status === 429) throw new Error(`HTTP ${status}`);
  throw new FinalError(`HTTP ${status}`);
}

/** Sends a file by a signed PUT; false when that failed: who sends it in parts is told why. */
export async function sendObject(
  { url, headers = {} }: HttpRequest,
  { path, bytes }: { path: string; bytes: number },
): Promise<boolean> {
  try {
    const answer = await sendFile({ method: "PUT", url, headers }, path, bytes);
    answer.resume();
    const { statusCode = 0 } = answer;
    return statusCode >= 200 && statusCode < 300;
  } catch {
    return false;
  }
}

/** Parts that are under way at once. */
const lanes = 4;
/** Objects up to this size go in one request. */
const wholeBytes = 16 * 1024 * 1024;
/** Objects up to this size are first tried in one streamed request, which costs both sides least; a larger one loses too much with it. */
const streamedBytes = 1024 * 1024 * 1024;
/** S3 takes 10,000 parts. */
const mostParts = 9_000;

function partBytes(bytes: number): number {
  return Math.max(wholeBytes, Math.ceil(bytes / mostParts));
}

/** Sends a file, in parts when it is large; nothing of it is visible before all of it has arrived. */
export async function uploadFile(
  storage: ObjectStorage,
  key: string,
  { path, bytes, sent }: { path: string; bytes: number; sent?: (bytes: number) => void },
): Promise<void> {
  if (bytes > wholeBytes && bytes <= streamedBytes && (await storage.send(key, { path, bytes }))) {
    sent?.(bytes);
    return;
  }
  await using file = await open(path);
  // A buffer a lane: fresh memory for each part costs as much as reading it.
  const spare: Buffer[] = [];
  const read = async (start: number, length: number) => {
    const part = (spare.pop() ?? Buffer.allocUnsafe(Math.min(bytes, partBytes(bytes)))).subarray(0, length);
    for (let at = 0; at < length; ) {
      const { bytesRead } = await file.read(part, at, length - at, start + at);
      if (bytesRead === 0) throw shrunk(path);
      at += bytesRead;
    }
    return part;
  };
  if (bytes <= wholeBytes) {
    await storage.put(key, await read(0, bytes));
    sent?.(bytes);
    return;
  }
  const upload = await storage.startUpload(key);
  try {
    await inParts(bytes, async (number, start, length) => {
      const part = await read(start, length);
      await upload.put(number + 1, part);
      if (part.length === partBytes(bytes)) spare.push(part);
      sent?.(length);
    });
    await upload.finish();
  } catch (error) {
    await upload.abandon().catch(() => {}); // gc takes it away later
    throw error;
  }
}

/** Writes an object to a file and gives its `sha256:…`; null when it is gone or was changed meanwhile, and then the file is not whole. */
export async function downloadFile(
  storage: ObjectStorage,
  { key, bytes, etag }: Pick<ObjectFacts, "key" | "bytes"> & { etag?: string },
  path: string,
): Promise<string | null> {
  if (bytes > wholeBytes) {
    const open = (start: number) => storage.open(key, { start, bytes: bytes - start, ...(etag && { etag }) });
    const streamed = await receiveFile(open, { path, bytes, patience: 1 }).then(
      (sha256) => ({ sha256 }),
      () => null,
    );
    if (streamed !== null) return streamed.sha256;
  }
  return (await downloadParts(storage, { key, bytes, ...(etag && { etag }) }, path)) ? hashFile(path) : null;
}

/** In parts, each of which is asked for again, and signed in for anew where that is what is wrong. */
async function downloadParts(
  storage: ObjectStorage,
  { key, bytes, etag }: Pick<ObjectFacts, "key" | "bytes"> & { etag?: string },
  path: string,
): Promise<boolean> {
  await using file = await open(path, "w");
  let isWhole = true;
  await inParts(bytes, async (_number, start, length) => {
    if (!isWhole) return;
    const part = await storage.get(key, { range: { start, length }, ...(etag && { etag }) });
    if (part?.length === length) await file.write(part, 0, length, start);
    else isWhole = false;
  });
  return isWhole;
}

/** Does something with all parts of so many bytes, several at once. Throws the first error, after all have ended. */
async function inParts(
  bytes: number,
  work: (number: number, start: number, length: number) => Promise<void>,
): Promise<void> {
  const size = partBytes(bytes);
  const count = Math.ceil(bytes / size);
  let next = 0;
  let failed: { error: unknown } | null = null;
  const lane = async () => {
    while (next < count && failed === null) {
      const number = next++;
      await work(number, number * size, Math.min(size, bytes - number * size)).catch((error: unknown) => {
        failed ??= { error };
      });
    }
  };
  await Promise.all(Array.from({ length: Math.min(lanes, count) }, lane));
  if (failed) throw (failed as { error: unknown }).error;
}

function shrunk(path: string): EnvironmentError {
  return new EnvironmentError(`${path} became shorter while it was read`, {
    tried: "to send it to the store",
    safe: "nothing of it is visible there",
  });
}
