import { readFile } from "node:fs/promises";
import { isCi } from "../ports/environment.ts";
import { readAllObjects } from "../registry/git/objects.ts";
import { isUnderReview, mergedInto } from "../workspace/base-config.ts";
import type { PolicyPlace } from "./policy-source.ts";

/**
 * The newest commit of the default branch that is known here; in a job it is fetched when it is not. null in a repository without
 * a commit. A pull request's own commits never count.
 */
export async function defaultBranchCommit(place: PolicyPlace): Promise<string | null> {
  const { remote } = place;
  if (remote === null) return firstCommit(place, ["refs/heads/main", "refs/heads/master", "HEAD"]);
  const name = await knownName(place);
  const tracked = name === null ? ["HEAD", "main", "master"] : [name];
  const known = await firstCommit(
    place,
    tracked.map((each) => `refs/remotes/${remote}/${each}`),
  );
  if (known !== null) return known;
  const { GITHUB_BASE_REF: base } = place.env;
  const merged = isUnderReview(place.env) && name !== null && base === name ? await mergedInto(place) : null;
  if (merged !== null) return merged;
  if (isCi(place.env)) return fetchDefault(place, remote, name);
  return firstCommit(place, ["refs/heads/main", "refs/heads/master", "HEAD"]);
}

/** What GitHub calls the default branch, in a job; elsewhere the clone knows it, or nobody asked. */
async function knownName({ env }: PolicyPlace): Promise<string | null> {
  const { GITHUB_EVENT_PATH: path } = env;
  if (!isCi(env) || !path) return null;
  try {
    const event = JSON.parse(await readFile(path, "utf8")) as { repository?: { default_branch?: unknown } } | null;
    const name = event?.repository?.default_branch;
    return typeof name === "string" && isPlain(name) ? name : null;
  } catch {
    return null;
  }
}

async function firstCommit({ git }: PolicyPlace, names: readonly string[]): Promise<string | null> {
  const found = await readAllObjects(
    git,
    names.map((name) => `${name}^{commit}`),
  );
  return found.find((each) => each?.type === "commit")?.oid ?? null;
}

async function fetchDefault({ git }: PolicyPlace, remote: string, known: string | null): Promise<string | null> {
  const name = known ?? (await askedName(git, remote));
  if (name === null) return null;
  const ref = `refs/heads/${name}`;
  await git.run(["fetch", "--no-tags", "--quiet", "--depth=1", "--no-recurse-submodules", "--refmap=", remote, ref]);
  return git.text(["rev-parse", "FETCH_HEAD"]);
}

async function askedName(git: PolicyPlace["git"], remote: string): Promise<string | null> {
  const answer = await git.text(["ls-remote", "--symref", remote, "HEAD"]);
  const name = /^ref: refs\/heads\/(\S+)\tHEAD$/m.exec(answer)?.[1];
  return name !== undefined && isPlain(name) ? name : null;
}

function isPlain(name: string): boolean {
  return /^[\w][\w./-]{0,199}$/.test(name) && !name.includes("..");
}
