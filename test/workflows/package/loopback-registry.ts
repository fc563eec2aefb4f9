import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { basename, dirname, join } from "node:path";

const modules = join(import.meta.dirname, "../../../node_modules");

/** A registry of packages on this machine alone: those given as files, and those of this checkout's node_modules. */
export interface LoopbackRegistry extends AsyncDisposable {
  url: string;
  /** Names that were asked for and are not here. */
  missing: string[];
}

/** Serves `tarballs` (by name), `installed` packages as they are in node_modules, and `elsewhere`: known, but of other systems. */
export async function openRegistry(
  tarballs: Readonly<Record<string, Buffer>>,
  installed: readonly string[],
  elsewhere: Readonly<Record<string, object>>,
): Promise<LoopbackRegistry> {
  const missing: string[] = [];
  const files = new Map<string, Buffer>();
  let url = "";
  const server = createServer((request, response) => {
    const path = decodeURIComponent((request.url ?? "/").slice(1));
    const file = files.get(path);
    if (file) return void response.end(file);
    const document = packument(path);
    if (!document) missing.push(path);
    response.writeHead(document ? 200 : 404, { "content-type": "application/json" });
    response.end(JSON.stringify(document ?? {}));
  });
  const packument = (name: string) => {
    if (elsewhere[name]) return oneVersion(name, elsewhere[name], url);
    const bytes = tarballs[name] ?? (installed.includes(name) ? packInstalled(name) : null);
    if (!bytes) return null;
    const path = `files/${name}.tgz`;
    files.set(path, bytes);
    return oneVersion(name, manifestOf(bytes), `${url}/${path}`, bytes);
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    missing,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function oneVersion(name: string, manifest: object & { version?: string }, tarball: string, bytes?: Buffer) {
  const version = manifest.version ?? "";
  const integrity = bytes && `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
  const dist = { tarball, ...(integrity && { integrity }) };
  return { name, "dist-tags": { latest: version }, versions: { [version]: { name, ...manifest, dist } } };
}

function manifestOf(bytes: Buffer): object & { version?: string } {
  return JSON.parse(execFileSync("tar", ["-xzOf", "-", "package/package.json"], { input: bytes, encoding: "utf8" }));
}

function packInstalled(name: string): Buffer {
  const folder = join(modules, name);
  const transform = `--transform=s,^${basename(name)},package,`;
  const packed = spawnSync("tar", ["-czf", "-", transform, basename(name)], {
    cwd: dirname(folder),
    maxBuffer: 2 ** 30,
  });
  // 1 is a file that "changed": another test made a hard link to it meanwhile.
  if (packed.status !== 0 && packed.status !== 1) throw new Error(`tar of ${name}: ${packed.stderr}`);
  return packed.stdout;
}

/** What the lock knows of packages for other systems: enough for npm to leave them out. */
export function lockedPackages(pattern: RegExp): Record<string, { version: string }> {
  const lock = JSON.parse(readFileSync(join(modules, "../package-lock.json"), "utf8")) as {
    packages: Record<string, { version: string }>;
  };
  const found = Object.entries(lock.packages).filter(([path]) => pattern.test(path));
  return Object.fromEntries(found.map(([path, facts]) => [path.slice("node_modules/".length), facts]));
}
