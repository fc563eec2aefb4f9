import { existsSync } from "node:fs";
import { readdir, realpath } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Interval } from "./interval.ts";

/** The model's folder of the prediction log without links, or null when there is none. */
export async function logFolder(root: string, predictions: string, model: string): Promise<string | null> {
  const folder = resolve(root, predictions, model);
  return existsSync(folder) ? realpath(folder) : null;
}

const day = 24 * 60 * 60 * 1000;

/** A writer may have written a row into the folder of the day before or after: clocks differ, and batches cross midnight. */
export async function logFiles(folder: string, { from, to }: Interval): Promise<string[]> {
  const [first, last] = [from.getTime() - day, to.getTime() + day].map((time) =>
    new Date(time).toISOString().slice(0, 10),
  );
  const days = (await readdir(folder, { withFileTypes: true }))
    .filter((entry) => entry.isDirectory() && /^\d{4}-\d{2}-\d{2}$/.test(entry.name))
    .map(({ name }) => name)
    .filter((name) => name >= (first ?? "") && name <= (last ?? ""))
    .sort();
  const files = await Promise.all(days.map((name) => parquetFiles(join(folder, name))));
  return files.flat();
}

/** Plain files only: a link could lead anywhere. Hidden ones are not finished yet. */
async function parquetFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isFile() && /^[^.].*\.parquet$/.test(entry.name));
  return names.map(({ name }) => join(folder, name)).sort();
}
