import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../../../pipelines/errors/user-error.ts";

export interface UnzipLimits {
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
export async function readAtMost(stream: AsyncIterable<Uint8Array>, most: number): Promise<Buffer> {
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
