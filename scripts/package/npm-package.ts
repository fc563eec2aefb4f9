import { cpSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import packageJson from "../../package.json" with { type: "json" };
import { type ReleaseFile, writeArchive } from "./archive.ts";
import { copyOnnxRuntime, type Platform } from "./native-files.ts";
import { npmParts, writeManifest } from "./tool-tree.ts";

/** Where a release's actions are: what `mergeml init` pins workflows to. */
export interface ReleaseSource {
  /** owner/name */
  repository: string;
  /** The release's commit. */
  commit: string;
}

/**
 * Writes the npm package. DuckDB is a dependency like any other. ONNX Runtime comes along: its own package would fetch a build for
 * CUDA while it is installed, which no package can keep another from, and has files for graphics cards besides.
 */
export async function writeNpmPackage(
  root: string,
  tree: string,
  dist: string,
  wanted: readonly Platform[],
  source: ReleaseSource | null,
): Promise<{ file: string } & ReleaseFile> {
  const folder = join(dist, "npm/package");
  rmSync(folder, { recursive: true, force: true });
  for (const part of npmParts) cpSync(join(tree, part), join(folder, part), { recursive: true });
  if (source) writeFileSync(join(folder, "lib/release.json"), `${JSON.stringify(source, null, 2)}\n`);
  copyOnnxRuntime(root, join(folder, "node_modules"), wanted);
  const { dependencies, peerDependencies, peerDependenciesMeta } = packageJson;
  const runtime = { "onnxruntime-node": dependencies["onnxruntime-node"] };
  writeManifest(folder, {
    ...(source && { repository: { type: "git", url: `git+https://github.com/${source.repository}.git` } }),
    dependencies: { "@duckdb/node-api": dependencies["@duckdb/node-api"], ...runtime },
    bundleDependencies: [...Object.keys(runtime), "onnxruntime-common"],
    peerDependencies,
    peerDependenciesMeta,
  });
  const file = `mergeml-${packageJson.version}.tgz`;
  const facts = await writeArchive(join(dist, "npm"), "package", join(dist, file));
  rmSync(join(dist, "npm"), { recursive: true });
  return { file, ...facts };
}
