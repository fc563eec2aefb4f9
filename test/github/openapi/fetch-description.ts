import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Description, reduceDescription } from "./reduce-description.ts";

const version = "23.0.2";
const integrity = "pV8M7L9GY23AybNvTmo2nyjmpmnt6+2sRE/tqr0ZLQcPS4lnw7u5eZGNmwRNkBC3D7gZXbFx5AHzLUVRBXGDhg==";
const run = promisify(execFile);

/** The part of GitHub's description of its API that the tests use, as it stands beside this file. */
export const descriptionFile = join(import.meta.dirname, "description.json");

/**
 * The text of that file from what was published. The package is no dependency, because it unpacks to 400 MB; who wants another
 * version names it above and runs `npm run github:description`.
 */
export async function fetchDescription(): Promise<string> {
  const scratch = await mkdtemp(join(tmpdir(), "mergeml-openapi-"));
  try {
    const pack = ["pack", `@octokit/openapi@${version}`, "--pack-destination", scratch, "--loglevel=error"];
    await run("npm", pack, { timeout: 300_000 });
    const archive = join(scratch, `octokit-openapi-${version}.tgz`);
    const digest = createHash("sha512").update(await readFile(archive));
    if (digest.digest("base64") !== integrity) throw new Error(`${archive} is not what was published as ${version}`);
    const member = "package/generated/api.github.com.json";
    await run("tar", ["-xzf", archive, "-C", scratch, member], { timeout: 120_000 });
    const description = JSON.parse(await readFile(join(scratch, member), "utf8")) as Description;
    return `${JSON.stringify(reduceDescription(description), null, 1)}\n`;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
