import { open } from "node:fs/promises";
import { EnvironmentError } from "../../errors/environment-error.ts";
import { hashFile } from "../hash-file.ts";
import type { ObjectFacts, ObjectStorage } from "./object-storage.ts";
import { receiveFile } from "./stream-request.ts";

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
