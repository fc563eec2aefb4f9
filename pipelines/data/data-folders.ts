import type { Dirent } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { isAbsolute, join, relative, resolve, sep } from "node:path";
import { UserError } from "../errors/expected-error.ts";

/** A folder feature queries may read. `path` has no links in it; `files` are relative to it, sorted, with `/`. */
export interface DataFolder {
  /** As the user named it, for messages. */
  name: string;
  path: string;
  exists: boolean;
  files: readonly string[];
}

/**
 * The folders of mergeml.yaml (inside the repository) and those the operator adds. Engines follow links without asking, so
 * a link out of the data folders is refused here, and so is a folder that holds git's own files, where tokens are kept.
 */
export async function openDataFolders(
  root: string,
  data: readonly string[],
  extraData: readonly string[] = [],
): Promise<DataFolder[]> {
  const realRoot = await realpath(root);
  const inside = await Promise.all(data.map((name) => repositoryFolder(realRoot, name)));
  const extra = await Promise.all(extraData.map(async (name) => ({ name, path: await realPathOf(resolve(name)) })));
  const folders = [...inside, ...extra];
  const allowed = folders.flatMap((folder) => folder.path ?? []);
  return Promise.all(
    folders.map(async ({ name, path }) => {
      if (path === null) return { name, path: resolve(root, name), exists: false, files: [] };
      return { name, path, exists: true, files: (await filesOf(name, path, allowed)).sort() };
    }),
  );
}

/** Whether a path without links is the folder or below it. */
export function isInside(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

async function repositoryFolder(root: string, name: string): Promise<{ name: string; path: string | null }> {
  const path = await realPathOf(resolve(root, name));
  if (isAbsolute(name) || !isInside(root, resolve(root, name)) || (path !== null && !isInside(root, path))) {
    throw new UserError({
      message: `data folder ${name} is outside the repository`,
      hint: "name folders inside the repository under `data` in mergeml.yaml, without links that leave it; the operator can add others",
    });
  }
  if (path !== null && relative(root, path).split(sep).includes(".git")) throw gitFolder(name);
  return { name, path };
}

async function realPathOf(path: string): Promise<string | null> {
  try {
    return await realpath(path);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}

async function filesOf(name: string, folder: string, allowed: readonly string[]): Promise<string[]> {
  if (!(await stat(folder)).isDirectory()) {
    throw new UserError({ message: `data folder ${name} is a file`, hint: "name the folder that holds it" });
  }
  const files: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (entry.name === ".git") throw gitFolder(name);
    const path = join(entry.parentPath, entry.name);
    const file = relative(folder, path).split(sep).join("/");
    if (await isFile(entry, path, `${name}/${file}`, allowed)) files.push(file);
  }
  return files;
}

async function isFile(entry: Dirent, path: string, name: string, allowed: readonly string[]): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isFile();
  const target = await realPathOf(path);
  if (target === null) return false;
  if (!allowed.some((folder) => isInside(folder, target))) {
    throw new UserError({
      message: `${name} is a link that leaves the data folders`,
      hint: "put the file itself there, or name the folder it is in under `data` in mergeml.yaml",
    });
  }
  return (await stat(target)).isFile();
}

function gitFolder(name: string): UserError {
  return new UserError({
    message: `data folder ${name} holds git's own files (.git), which queries must not read`,
    hint: "name a folder with nothing but data in it under `data` in mergeml.yaml",
  });
}
