import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { constants, gzip, zstdCompress } from "node:zlib";
import packageJson from "../../package.json" with { type: "json" };
import { npmParts, writeManifest, writeToolTree } from "./tool-tree.ts";

/** Where a release will be: the repository, owner/name, and who makes the commit of its tree. */
interface ReleasePlace {
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

/** Where a release's actions are: what `mergeml init` pins workflows to. */
interface ReleaseSource {
  /** owner/name */
  repository: string;
  /** The release's commit. */
  commit: string;
}

/**
 * Writes the npm package. DuckDB is a dependency like any other. ONNX Runtime comes along: its own package would fetch a build for
 * CUDA while it is installed, which no package can keep another from, and has files for graphics cards besides.
 */
async function writeNpmPackage(
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

/** An archive has at most so many bytes: what a runner fetches in a second or two. */
const mostArchiveBytes = 60_000_000;

/** Writes the tool with the native files of each platform: unpacked, it runs. Throws Error when one is too large. */
async function writeReleaseArchives(
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
function writeReleaseTree(
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

/** Systems that a release has an archive for: Node's name of the platform and of the processor. */
export const platforms = ["linux-x64", "linux-arm64", "darwin-arm64", "win32-x64"] as const;

export type Platform = (typeof platforms)[number];

/** The files of ONNX Runtime that compute on a processor; beside them its package has what graphics cards need. */
const onnxRuntimeFiles: Readonly<Record<Platform, string>> = {
  "linux-x64": "libonnxruntime.so.1",
  "linux-arm64": "libonnxruntime.so.1",
  "darwin-arm64": "libonnxruntime.1.dylib",
  "win32-x64": "onnxruntime.dll",
};

/**
 * Copies ONNX Runtime for these platforms into a folder `node_modules`, without its install script, which would fetch a build for
 * CUDA of hundreds of megabytes onto every Linux machine, and without what only that script needs.
 */
function copyOnnxRuntime(root: string, modules: string, wanted: readonly Platform[]): void {
  copyPackage(root, modules, "onnxruntime-common", ["dist"]);
  copyPackage(root, modules, "onnxruntime-node", ["dist", "README.md"]);
  for (const platform of wanted) {
    const folder = join("onnxruntime-node/bin/napi-v6", ...platform.split("-"));
    for (const file of [onnxRuntimeFiles[platform], "onnxruntime_binding.node"])
      cpSync(join(root, "node_modules", folder, file), join(modules, folder, file));
  }
}

/** Copies DuckDB for one platform into a folder `node_modules`; `cache` keeps what is fetched of other platforms than this. */
function copyDuckdb(root: string, modules: string, platform: Platform, cache: string): void {
  copyPackage(root, modules, "@duckdb/node-api", ["lib", "LICENSE"]);
  copyPackage(root, modules, "@duckdb/node-bindings", ["duckdb.js", "LICENSE"]);
  copyPackage(root, modules, "detect-libc", ["lib", "LICENSE"]);
  const name = `@duckdb/node-bindings-${platform}`;
  const installed = join(root, "node_modules", name);
  cpSync(existsSync(installed) ? installed : fetchPackage(root, name, cache), join(modules, name), { recursive: true });
}

const installScripts = ["preinstall", "install", "postinstall"];

/** A package's files that run, and its package.json without scripts and without dependencies that are not beside it. */
function copyPackage(root: string, modules: string, name: string, parts: readonly string[]): void {
  const from = join(root, "node_modules", name);
  const to = join(modules, name);
  mkdirSync(to, { recursive: true });
  const filter = (path: string) => !/\.(map|d\.ts|d\.mts|d\.cts)$/.test(path);
  for (const part of parts) cpSync(join(from, part), join(to, part), { recursive: true, filter });
  const {
    scripts = {},
    dependencies,
    devDependencies: _,
    ...kept
  } = JSON.parse(readFileSync(join(from, "package.json"), "utf8"));
  const hasScript = installScripts.some((each) => each in scripts);
  const needed = hasScript ? { "onnxruntime-common": kept.version } : dependencies;
  const text = `${JSON.stringify({ ...kept, ...(needed && { dependencies: needed }) }, null, 2)}\n`;
  writeFileSync(join(to, "package.json"), text);
}

/** A package that the lock has for another platform, from npm's cache or registry; only the bytes that the lock says. */
function fetchPackage(root: string, name: string, cache: string): string {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  const { version, integrity } = packages[`node_modules/${name}`] as { version: string; integrity: string };
  const folder = join(cache, `${name.replace("/", "-")}-${version}`);
  if (existsSync(join(folder, "package"))) return join(folder, "package");
  const aside = `${folder}.${process.pid}.part`;
  rmSync(aside, { recursive: true, force: true });
  mkdirSync(aside, { recursive: true });
  const options = { cwd: aside, encoding: "utf8", timeout: 600_000 } as const;
  const [{ filename }] = JSON.parse(execFileSync("npm", ["pack", `${name}@${version}`, "--json"], options));
  const bytes = readFileSync(join(aside, filename));
  const digest = `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
  if (digest !== integrity) throw new Error(`${name}@${version} is not what package-lock.json says: ${digest}`);
  execFileSync("tar", ["-xzf", filename], options);
  rmSync(join(aside, filename));
  rmSync(folder, { recursive: true, force: true });
  cpSync(aside, folder, { recursive: true });
  rmSync(aside, { recursive: true });
  return join(folder, "package");
}

/** A file of a release: its digest in hexadecimal, and its bytes. */
interface ReleaseFile {
  sha256: string;
  size: number;
}

/**
 * Writes the folder `name` of `parent` as a compressed tar, the same bytes for the same files: sorted, without times and owners
 * (npm reads a package of 1970 as it reads one of 1985).
 */
export async function writeArchive(parent: string, name: string, file: string): Promise<ReleaseFile> {
  const same = ["--sort=name", "--mtime=@499162500", "--owner=0", "--group=0", "--numeric-owner", "--format=ustar"];
  const modes = "--mode=u=rwX,go=rX";
  const tar = execFileSync("tar", [...same, modes, "-cf", "-", name], { cwd: parent, maxBuffer: 2 ** 31 - 1 });
  const bytes = file.endsWith(".zst") ? await zstd(tar) : await promisify(gzip)(tar, { level: 9 });
  writeFileSync(file, bytes);
  return fileFacts(file);
}

/** Higher levels take minutes for a tenth less. */
function zstd(tar: Buffer): Promise<Buffer> {
  const { ZSTD_c_compressionLevel, ZSTD_c_windowLog } = constants;
  return promisify(zstdCompress)(tar, { params: { [ZSTD_c_compressionLevel]: 9, [ZSTD_c_windowLog]: 25 } });
}

/** Digest and size of a file. */
function fileFacts(file: string): ReleaseFile {
  const bytes = readFileSync(file);
  return { sha256: createHash("sha256").update(bytes).digest("hex"), size: bytes.length };
}
