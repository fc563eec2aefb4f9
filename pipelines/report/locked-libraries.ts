import { sha256 } from "../config/canonical-json.ts";
import type { Git } from "../registry/git/git.ts";
import { readAllObjects } from "../registry/git/objects.ts";
import type { CandidateRecord } from "../registry/version-record.ts";

/** A package that the lock file of a program's environment names, as a package URL has it. */
export interface LockedLibrary {
  name: string;
  version: string;
  purl: string;
}

/**
 * The packages of the environment that a version was trained in: of the lock file as the version's commit has it, when its hash is the
 * recorded one. null when that file is not here, which a shallow clone or uncommitted changes make; none where there was no lock.
 */
export async function readLocked(
  git: Pick<Git, "text" | "objects">,
  { commit, config, environment }: CandidateRecord,
): Promise<LockedLibrary[] | null> {
  const [, path, hash] = /^(\S+) (sha256:[0-9a-f]{64})$/.exec(environment.lock ?? "") ?? [];
  if (path === undefined) return [];
  if (commit === null) return null;
  const prefix = (await git.text(["rev-parse", "--show-prefix"]).catch(() => "")).trim();
  const [file] = await readAllObjects(git, [`${commit}:${prefix}models/${config.name}/${path}`]);
  const text = file?.content.toString("utf8");
  return text === undefined || sha256(text) !== hash ? null : lockedLibraries(path, text);
}

/** The packages that a lock file names, once each. */
function lockedLibraries(path: string, text: string): LockedLibrary[] {
  const found = readerOf(path.split("/").at(-1)!)(text);
  return [...new Map(found.map((each) => [each.purl, each])).values()];
}

function readerOf(name: string): (text: string) => LockedLibrary[] {
  if (name === "uv.lock") return ofUv;
  if (name === "renv.lock") return ofRenv;
  if (/^environment\.ya?ml$/.test(name)) return ofConda;
  return name.endsWith(".txt") ? ofRequirements : ofDockerfile;
}

function ofRequirements(text: string): LockedLibrary[] {
  const entries = text.matchAll(/^([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?\s*={2,3}\s*([^\s;,*\\]+)/gm);
  return [...entries].map(([, name, version]) => ofPython(name!, version!));
}

function ofUv(text: string): LockedLibrary[] {
  return text
    .split("[[package]]")
    .slice(1)
    .flatMap((entry) => {
      const [name, version] = ["name", "version"].map((key) => new RegExp(`^${key} = "([^"]+)"`, "m").exec(entry)?.[1]);
      const isOwn = /^source = \{ (virtual|editable) = "\."/m.test(entry);
      return name && version && !isOwn ? [ofPython(name, version)] : [];
    });
}

function ofConda(text: string): LockedLibrary[] {
  const entries = text.matchAll(/^\s*-\s*['"]?(?:[\w.-]+::)?([\w.-]+)=([^=\s'"]+)=([^=\s'"]+)/gm);
  return [...entries].map(([, name, version, build]) =>
    library("conda", name!, version!, `?build=${encodeURIComponent(build!)}`),
  );
}

function ofRenv(text: string): LockedLibrary[] {
  const { Packages = {} } = JSON.parse(text) as { Packages?: Record<string, { Version?: string } | null> };
  return Object.entries(Packages).map(([name, entry]) => library("cran", name, entry?.Version ?? "unknown"));
}

function ofDockerfile(text: string): LockedLibrary[] {
  const images = text.matchAll(/^FROM\s+(?:--\S+\s+)*([^\s@]+)@(sha256:[0-9a-f]{64})/gim);
  return [...images].map(([, name, digest]) => library("docker", name!, digest!));
}

function ofPython(name: string, version: string): LockedLibrary {
  return library("pypi", name.toLowerCase().replace(/[-_.]+/g, "-"), version);
}

function library(type: string, name: string, version: string, qualifiers = ""): LockedLibrary {
  const path = name.split("/").map(encodeURIComponent).join("/");
  return { name, version, purl: `pkg:${type}/${path}@${encodeURIComponent(version)}${qualifiers}` };
}
