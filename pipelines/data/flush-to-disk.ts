import { open } from "node:fs/promises";

/** Waits until a file's content, or a folder's list of names, is on the disk: a rename alone may outlive what it names when the power fails. */
export async function flushToDisk(path: string): Promise<void> {
  await using file = await open(path);
  await file.sync();
}
