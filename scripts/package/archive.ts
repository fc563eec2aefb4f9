import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";
import { constants, gzip, zstdCompress } from "node:zlib";

/** A file of a release: its digest in hexadecimal, and its bytes. */
export interface ReleaseFile {
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
