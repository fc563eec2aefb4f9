import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Platform } from "./native-files.ts";
import { writeNpmPackage } from "./npm-package.ts";
import { writeReleaseArchives, writeReleaseTree } from "./release-archives.ts";
import { writeToolTree } from "./tool-tree.ts";

/** Where a release will be: the repository, owner/name, and who makes the commit of its tree. */
export interface ReleasePlace {
  repository: string;
  commitOf(tree: string): string;
}

/**
 * Writes the npm package, an archive per platform, their digests, and the tree of a release's commit into `dist`. The same sources
 * give the same bytes. The npm package of a release knows its commit, which `mergeml init` pins workflows to.
 */
export async function writeDist(
  root: string,
  dist: string,
  wanted: readonly Platform[],
  place: ReleasePlace | null,
): Promise<void> {
  rmSync(dist, { recursive: true, force: true });
  mkdirSync(dist, { recursive: true });
  const tree = join(dist, "tree");
  await writeToolTree(root, tree);
  const archives = await writeReleaseArchives(root, tree, dist, wanted);
  writeReleaseTree(tree, join(dist, "release"), archives, place?.repository ?? null);
  const source = place && { repository: place.repository, commit: place.commitOf(join(dist, "release")) };
  const npm = await writeNpmPackage(root, tree, dist, wanted, source);
  rmSync(tree, { recursive: true });
  const files = [npm, ...Object.values(archives)];
  writeFileSync(join(dist, "SHA256SUMS"), files.map(({ sha256, file }) => `${sha256}  ${file}\n`).join(""));
  for (const { file, size } of files) console.log(`${(size / 1e6).toFixed(1).padStart(6)} MB  ${file}`);
}
