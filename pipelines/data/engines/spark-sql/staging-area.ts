import { mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { EnvironmentError } from "../../../errors/environment-error.ts";
import type { FileEngine } from "../engine.ts";

/** Where the cluster writes Parquet and mergeml reads it. */
export interface StagingArea {
  /** A folder's address, as the cluster knows it. */
  url(folder: string): string;
  /** Called before the cluster writes a folder. */
  prepare(folder: string): Promise<void>;
  /** Makes one local Parquet file of a folder's, the rows in the order of the files' names. */
  collect(folder: string, file: string): Promise<void>;
  /** Also when it is not there. */
  remove(folder: string): Promise<void>;
}

/** Of the names in a folder, those of the files that have its rows, in their order. */
export function partsOf(names: readonly string[]): string[] {
  const isPart = (name: string) => /(^|\/)part-[^/]*\.parquet$/.test(name);
  return names.filter(isPart).sort();
}

/** Writes the rows of Parquet files below one local folder to one, in their order, compressed with zstd. */
export async function joinParts(
  files: FileEngine,
  { folder, parts, where }: { folder: string; parts: readonly string[]; where: string },
  file: string,
): Promise<void> {
  if (parts.length === 0) {
    throw new EnvironmentError(`there is no Parquet file of the cluster in ${where}`, {
      tried: "to read what Spark wrote to the staging area",
      safe: "nothing was stored; look whether the cluster and mergeml mean the same place by it",
    });
  }
  using session = await files.openSession({ readable: [folder], writable: [file], threads: 1, memory_gb: 0.5 });
  const list = parts.map((part) => files.dialect.quoteText(part)).join(", ");
  await session.save(`SELECT * FROM read_parquet([${list}])`, file, "zstd");
}

/** A folder that is not on this machine. */
interface DistantFolder {
  name: string;
  /** Its address, for messages. */
  where: string;
  /** Its files, by whatever `fetch` finds them; what stands behind the last slash is a file's name. */
  names: readonly string[];
  /** Brings a file of it here. */
  fetch(distant: string, local: string): Promise<void>;
}

/** Does the same with a folder's files that have to be fetched first; they are gone from here afterwards. */
export async function joinDistantParts(files: FileEngine, distant: DistantFolder, file: string): Promise<void> {
  const { name, where, names, fetch } = distant;
  const folder = join(dirname(file), `${name}.parts`);
  await mkdir(folder, { recursive: true });
  try {
    const parts: string[] = [];
    for (const each of partsOf(names)) {
      const part = join(folder, each.split("/").at(-1)!);
      await fetch(each, part);
      parts.push(part);
    }
    await joinParts(files, { folder, parts, where }, file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
