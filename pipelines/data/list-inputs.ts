import { stat } from "node:fs/promises";
import { join } from "node:path";
import { openDataFolders } from "./data-folders.ts";
import { hashFile } from "./hash-file.ts";

/** A file a feature query could read. Size and time of change stand for its content. */
export interface InputFile {
  /** As mergeml.yaml names the folder, then the file, with `/`. */
  path: string;
  size: number;
  /** Decimal text, because nanoseconds do not fit a double. */
  mtime_ns: string;
}

/** Every file of the data folders, sorted by path: the cheap part of a cache key. Reads no content and loads no engine. */
export async function listInputs(
  root: string,
  data: readonly string[],
  extraData: readonly string[] = [],
): Promise<InputFile[]> {
  const inputs = await Promise.all((await findFiles(root, data, extraData)).map(inputFile));
  return inputs.sort(byPath);
}

/** A file by its content, which is the same on every machine. */
export interface HashedInput {
  path: string;
  sha256: string;
}

/** As `listInputs`, by content. Reads all of it. */
export async function hashInputs(
  root: string,
  data: readonly string[],
  extraData: readonly string[] = [],
): Promise<HashedInput[]> {
  const inputs: HashedInput[] = [];
  for (const found of await findFiles(root, data, extraData))
    inputs.push({ path: pathOf(found), sha256: await hashFile(join(found.path, found.file)) });
  return inputs.sort(byPath);
}

interface FoundFile {
  /** Of the folder, as mergeml.yaml has it. */
  name: string;
  path: string;
  file: string;
}

async function findFiles(root: string, data: readonly string[], extraData: readonly string[]): Promise<FoundFile[]> {
  const folders = await openDataFolders(root, data, extraData);
  return folders.flatMap(({ name, path, files }) => files.map((file) => ({ name, path, file })));
}

async function inputFile(found: FoundFile): Promise<InputFile> {
  const { size, mtimeNs } = await stat(join(found.path, found.file), { bigint: true });
  return { path: pathOf(found), size: Number(size), mtime_ns: mtimeNs.toString() };
}

function pathOf({ name, file }: FoundFile): string {
  return `${name.replace(/\/+$/, "")}/${file}`;
}

function byPath(a: { path: string }, b: { path: string }): number {
  return a.path < b.path ? -1 : 1;
}
