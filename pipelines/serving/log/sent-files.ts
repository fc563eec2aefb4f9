import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join, relative } from "node:path";

/** A whole file of a log, or of what waits to be sent there. */
export interface WholeFile {
  path: string;
  bytes: number;
}

const mostBytes = 256 * 2 ** 20;

/**
 * Keeps the newest files that were sent, laid out as the log, so that the server can look at what it answered without asking a bucket.
 * Gives what takes a file over from `root`.
 */
export function keepSent(folder: string, root: string, most = mostBytes): (file: WholeFile) => Promise<void> {
  const earlier = oldestFirst(folder);
  return async ({ path, bytes }) => {
    const kept = await earlier;
    const target = join(folder, relative(root, path));
    await mkdir(dirname(target), { recursive: true });
    await rename(path, target);
    kept.push({ path: target, bytes });
    let sum = kept.reduce((total, file) => total + file.bytes, 0);
    while (sum > most) {
      const [oldest] = kept.splice(0, 1) as [WholeFile];
      sum -= oldest.bytes;
      await rm(oldest.path, { force: true });
    }
  };
}

async function oldestFirst(folder: string): Promise<WholeFile[]> {
  const files = await wholeFiles(folder);
  const dated = await Promise.all(files.map(async (file) => ({ file, written: (await stat(file.path)).mtimeMs })));
  return dated.sort((a, b) => a.written - b.written).map(({ file }) => file);
}

/** Those below a folder, which need not be there: hidden names are not finished. */
export async function wholeFiles(folder: string): Promise<WholeFile[]> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const files = names
    .filter((name) => /^[^.][^/]*\/[^/]+\/[^/.][^/]*\.parquet$/.test(name.replaceAll("\\", "/")))
    .sort();
  return Promise.all(
    files.map(async (name) => {
      const path = join(folder, name);
      return { path, bytes: (await stat(path)).size };
    }),
  );
}
