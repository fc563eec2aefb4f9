import { stat } from "node:fs/promises";
import { logFiles } from "../../watch/window/drift-window.ts";
import type { Interval } from "../../watch/window/interval.ts";

/** Bytes that even the smallest file counts for: opening it takes as long as reading so many. */
const leastBytes = 32 * 1024;

/**
 * The newest files of a model's log that are not larger together than `bytes`, and from when on they have all rows of the interval:
 * the interval's own beginning when it fits.
 */
export async function newestFiles(
  folder: string,
  interval: Interval,
  bytes: number,
): Promise<{ paths: string[]; from: Date }> {
  const paths = await logFiles(folder, interval);
  const found = await Promise.all(paths.map(sized));
  const newest = found.filter((file) => file !== null).sort((a, b) => b.written - a.written);
  let left = bytes;
  const taken = newest.findIndex((file) => (left -= Math.max(leastBytes, file.bytes)) < 0);
  if (taken < 0) return { paths, from: interval.from };
  const kept = newest.slice(0, Math.max(1, taken));
  // What is younger than the first file that is left out has been written into those that are kept.
  const before = newest[kept.length]?.written ?? 0;
  return { paths: kept.map(({ path }) => path), from: new Date(Math.max(before, interval.from.getTime())) };
}

/** null when it is gone by now. */
async function sized(path: string): Promise<{ path: string; bytes: number; written: number } | null> {
  const found = await stat(path).catch(() => null);
  return found && { path, bytes: found.size, written: found.mtimeMs };
}
