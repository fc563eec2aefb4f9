import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { TestProject } from "vitest/node";
import { type Description, reduceDescription } from "./reduce-description.ts";

const version = "23.0.2";
const integrity = "pV8M7L9GY23AybNvTmo2nyjmpmnt6+2sRE/tqr0ZLQcPS4lnw7u5eZGNmwRNkBC3D7gZXbFx5AHzLUVRBXGDhg==";
const folder = join(import.meta.dirname, "../../../.cache/openapi");
/** The generation of what is kept; another one is made again. */
const generation = 1;
const run = promisify(execFile);

declare module "vitest" {
  export interface ProvidedContext {
    /** The file of GitHub's API description, for tests that hold every request and answer against it. */
    openapi: string;
  }
}

/** Makes sure that GitHub's description of its API is there. It is no dependency, because it unpacks to 400 MB. */
export default async function setup({ provide }: TestProject): Promise<void> {
  const file = join(folder, `github-${version}-${generation}.json`);
  const isThere = await stat(file).then(
    () => true,
    () => false,
  );
  if (!isThere)
    await fetchDescription(file).catch((cause: Error) => {
      const what = `GitHub's description of its API (@octokit/openapi ${version}) cannot be had`;
      throw new Error(`${what}; these tests prove nothing without it: ${cause.message}`, { cause });
    });
  provide("openapi", file);
}

async function fetchDescription(file: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const scratch = await mkdtemp(join(folder, "fetching-"));
  try {
    const pack = ["pack", `@octokit/openapi@${version}`, "--pack-destination", scratch, "--loglevel=error"];
    await run("npm", pack, { timeout: 300_000 });
    const archive = join(scratch, `octokit-openapi-${version}.tgz`);
    const digest = createHash("sha512").update(await readFile(archive));
    if (digest.digest("base64") !== integrity) throw new Error(`${archive} is not what was published as ${version}`);
    const member = "package/generated/api.github.com.json";
    await run("tar", ["-xzf", archive, "-C", scratch, member], { timeout: 120_000 });
    const description = JSON.parse(await readFile(join(scratch, member), "utf8")) as Description;
    const reduced = join(scratch, "reduced.json");
    await writeFile(reduced, JSON.stringify(reduceDescription(description)));
    await rename(reduced, file);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
