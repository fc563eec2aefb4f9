import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, existsSync, statSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createZstdDecompress } from "node:zlib";
import { EnvironmentError, UserError } from "../../pipelines/errors/expected-error.ts";

/** What a release's commit says of an archive. */
export interface ReleaseArchive {
  file: string;
  sha256: string;
  size: number;
}

const longest = 300_000; // ms for some 40 MB, also behind a slow proxy

/** Gives the archive as a file of this runner, with the very bytes that the release named; `folder` keeps it for the next job. */
export async function fetchArchive(archive: ReleaseArchive, folder: string, address: string): Promise<string> {
  const file = join(folder, archive.file);
  if (await isWhole(file, archive)) return file;
  await mkdir(folder, { recursive: true });
  const part = `${file}.${process.pid}.part`;
  try {
    await download(`${address}/${archive.file}`, part);
    if (!(await isWhole(part, archive))) throw otherBytes(archive, address);
    await rename(part, file);
  } finally {
    await rm(part, { force: true });
  }
  return file;
}

/** Whether a file is there with these bytes: what was kept is checked each time, too. */
async function isWhole(file: string, { sha256, size }: ReleaseArchive): Promise<boolean> {
  if (!existsSync(file) || statSync(file).size !== size) return false;
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex") === sha256;
}

async function download(url: string, part: string): Promise<void> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(longest) });
    if (!response.ok || !response.body) throw new Error(`the answer was ${response.status}`);
    await pipeline(Readable.fromWeb(response.body), createWriteStream(part));
  } catch (cause) {
    const tried = "one request; with a proxy, set NODE_USE_ENV_PROXY=1 on the runner; without internet, give a mirror";
    const safe = "nothing was installed";
    throw new EnvironmentError(`${url} could not be fetched: ${(cause as Error).message}`, { tried, safe }, { cause });
  }
}

function otherBytes({ file, sha256 }: ReleaseArchive, address: string): UserError {
  const message = `${address}/${file} is not the archive of this release, whose SHA-256 is ${sha256}`;
  return new UserError({ message, hint: "a mirror must have the file as it was released" });
}

/** Unpacks the archive's node_modules into a folder: aside first, so that a step that is ended leaves no half of it. */
export async function unpackModules(file: string, root: string): Promise<void> {
  const aside = join(root, `.modules.${process.pid}.part`);
  await mkdir(aside, { recursive: true });
  try {
    const tar = spawn("tar", ["-xf", "-", "-C", aside, "--strip-components=1"], { stdio: ["pipe", "ignore", "pipe"] });
    let words = "";
    tar.stderr.on("data", (text) => (words += text));
    const ended = new Promise<number | null>((resolve, reject) => tar.once("error", reject).once("close", resolve));
    const fed = pipeline(createReadStream(file), createZstdDecompress(), tar.stdin).catch((error: unknown) => error);
    if ((await ended) !== 0) throw new Error(words.slice(0, 500));
    const problem = await fed;
    if (problem && !isLeftUnread(problem)) throw problem;
    await rm(join(root, "node_modules"), { recursive: true, force: true });
    await rename(join(aside, "node_modules"), join(root, "node_modules"));
  } catch (cause) {
    const told = { tried: `tar, into ${dirname(aside)}`, safe: "nothing was installed" };
    throw new EnvironmentError(`${file} could not be unpacked: ${(cause as Error).message}`, told, { cause });
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

/** tar ends at the archive's end, and may close its input while the padding behind it is still on its way. */
function isLeftUnread(problem: unknown): boolean {
  return ["EPIPE", "ERR_STREAM_PREMATURE_CLOSE"].includes(String((problem as NodeJS.ErrnoException).code));
}
