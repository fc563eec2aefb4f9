import { stat } from "node:fs/promises";
import { join } from "node:path";
import { openDataFolders } from "./data-folders.ts";

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
  const folders = await openDataFolders(root, data, extraData);
  const found = folders.flatMap(({ name, path, files }) => files.map((file) => ({ name, path, file })));
  const inputs = await Promise.all(found.map(inputFile));
  return inputs.sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function inputFile({ name, path, file }: { name: string; path: string; file: string }): Promise<InputFile> {
  const { size, mtimeNs } = await stat(join(path, file), { bigint: true });
  return { path: `${name.replace(/\/+$/, "")}/${file}`, size: Number(size), mtime_ns: mtimeNs.toString() };
}
