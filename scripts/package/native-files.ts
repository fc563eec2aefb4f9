import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

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
export function copyOnnxRuntime(root: string, modules: string, wanted: readonly Platform[]): void {
  copyPackage(root, modules, "onnxruntime-common", ["dist"]);
  copyPackage(root, modules, "onnxruntime-node", ["dist", "README.md"]);
  for (const platform of wanted) {
    const folder = join("onnxruntime-node/bin/napi-v6", ...platform.split("-"));
    for (const file of [onnxRuntimeFiles[platform], "onnxruntime_binding.node"])
      cpSync(join(root, "node_modules", folder, file), join(modules, folder, file));
  }
}

/** Copies DuckDB for one platform into a folder `node_modules`; `cache` keeps what is fetched of other platforms than this. */
export function copyDuckdb(root: string, modules: string, platform: Platform, cache: string): void {
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
