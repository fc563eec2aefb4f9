import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import packageJson from "../../package.json" with { type: "json" };
import { type ReleaseFile, writeArchive } from "./archive.ts";
import { copyDuckdb, copyOnnxRuntime, type Platform } from "./native-files.ts";

/** An archive has at most so many bytes: what a runner fetches in a second or two. */
const mostArchiveBytes = 60_000_000;

/** Writes the tool with the native files of each platform: unpacked, it runs. Throws Error when one is too large. */
export async function writeReleaseArchives(
  root: string,
  tree: string,
  dist: string,
  wanted: readonly Platform[],
): Promise<Record<string, { file: string } & ReleaseFile>> {
  const name = `mergeml-${packageJson.version}`;
  const written: Record<string, { file: string } & ReleaseFile> = {};
  for (const platform of wanted) {
    const parent = join(dist, "unpacked", platform);
    rmSync(parent, { recursive: true, force: true });
    cpSync(tree, join(parent, name), { recursive: true });
    const modules = join(parent, name, "node_modules");
    copyOnnxRuntime(root, modules, [platform]);
    copyDuckdb(root, modules, platform, join(root, ".cache/package"));
    const file = `${name}-${platform}.tar.zst`;
    written[platform] = { file, ...(await writeArchive(parent, name, join(dist, file))) };
    if (written[platform].size > mostArchiveBytes)
      throw new Error(`${file} has ${written[platform].size} bytes; at most ${mostArchiveBytes} are meant`);
  }
  rmSync(join(dist, "unpacked"), { recursive: true, force: true });
  return written;
}

/**
 * Writes the tree that the release's commit has, which names the archives by their digests: who pins the commit pins the native
 * files, too.
 */
export function writeReleaseTree(
  tree: string,
  folder: string,
  archives: Record<string, { file: string } & ReleaseFile>,
  repository: string | null,
): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  cpSync(tree, folder, { recursive: true });
  const text = `${JSON.stringify({ version: packageJson.version, repository, archives }, null, 2)}\n`;
  writeFileSync(join(folder, "actions/setup/archives.json"), text);
}
