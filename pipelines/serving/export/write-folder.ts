import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { PublishedFile } from "../../data/stores/remote-store.ts";
import { UserError } from "../../errors/user-error.ts";

/** Throws UserError unless a folder is empty or not there yet. */
export async function refuseFilledFolder(folder: string, name: string): Promise<void> {
  const found = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    if (error.code === "ENOTDIR") throw taken(`${name} is a file`);
    throw error;
  });
  if (found.length > 0) throw taken(`${name} is not empty (it has ${found.sort()[0]})`);
}

/** Writes all files beside the folder and renames: whoever looks sees all of them or none. */
export async function writeFolder(folder: string, files: readonly PublishedFile[]): Promise<void> {
  await mkdir(dirname(folder), { recursive: true });
  const aside = await mkdtemp(join(dirname(folder), `.${basename(folder)}-`));
  try {
    for (const { path, content } of files) {
      const target = join(aside, path);
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, content);
    }
    await rename(aside, folder);
  } catch (error) {
    await rm(aside, { recursive: true, force: true });
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOTEMPTY" || code === "EEXIST") throw taken(`${folder} was filled meanwhile`, error);
    throw error;
  }
}

function taken(what: string, cause?: unknown): UserError {
  const message = `--output ${what}: nothing was written`;
  return new UserError({ message, hint: "name a new or an empty folder" }, { cause });
}
