import { randomBytes } from "node:crypto";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import { afterAll, afterEach, expect, it, vi } from "vitest";
import { unpackModules } from "../../actions/setup/install-archive.ts";
import { scratchFolder } from "../templates.ts";

const folder = scratchFolder("archive");
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.unstubAllEnvs());
afterEach(() => rmSync(join(folder, "node_modules"), { recursive: true, force: true }));

const archive = join(folder, "archive.tar.zst");
writeFileSync(archive, zstdCompressSync(randomBytes(4_000_000)));

/** A tar that reads the first bytes, and does this. */
function tarThat(does: string): void {
  writeFileSync(join(folder, "tar"), `#!/bin/sh\nhead -c 10 > /dev/null\n${does}\n`, { mode: 0o755 });
  vi.stubEnv("PATH", `${folder}:${process.env.PATH}`);
}

it.runIf(process.platform !== "win32")("an archive whose end tar does not read is unpacked", async () => {
  tarThat('mkdir "$4/node_modules"');
  await unpackModules(archive, folder);
  expect(existsSync(join(folder, "node_modules"))).toBe(true);
});

it.runIf(process.platform !== "win32")("a tar that fails is told in its words", async () => {
  tarThat('echo "no space" >&2; exit 2');
  await expect(unpackModules(archive, folder)).rejects.toThrow("could not be unpacked: no space");
  expect(existsSync(join(folder, "node_modules"))).toBe(false);
});

it("an archive that is not one is told", async () => {
  writeFileSync(join(folder, "other"), randomBytes(1000));
  await expect(unpackModules(join(folder, "other"), folder)).rejects.toThrow("could not be unpacked");
});
