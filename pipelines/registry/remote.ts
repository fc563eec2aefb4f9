import { resolve } from "node:path";
import { UserError } from "../errors/expected-error.ts";
import type { Git } from "./git/git.ts";

/**
 * The remote that has the registry: the one that is wanted, else the one that the main branch tracks, else the only one, else
 * origin. null in a repository without remotes. Throws UserError when the wanted one is not there, or when none stands out.
 */
export async function findRemote(git: Git, wanted?: string): Promise<string | null> {
  const { remotes, tracked } = await readRemotes(git);
  if (wanted !== undefined) {
    if (remotes.includes(wanted)) return wanted;
    const message = `mergeml.yaml says remote: ${wanted}, but this repository has ${list(remotes)}`;
    throw new UserError({ message, hint: `add it: git remote add ${wanted} <address>; or name another` });
  }
  if (remotes.length < 2) return remotes[0] ?? null;
  const main = [...(await defaultBranches(git)), "main", "master"].find((branch) => tracked.has(branch));
  const found = main === undefined ? undefined : tracked.get(main);
  if (found !== undefined) return found;
  if (remotes.includes("origin")) return "origin";
  throw new UserError({
    message: `this repository has ${list(remotes)}, and its main branch tracks none of them, so nobody knows which has the registry`,
    hint: `let main track one: git branch --set-upstream-to=${remotes[0]}/main main; or write remote: ${remotes[0]} in mergeml.yaml`,
  });
}

/** Names of the remotes, and the one that each branch tracks, from one reading of git's settings. */
async function readRemotes(git: Git): Promise<{ remotes: string[]; tracked: Map<string, string> }> {
  const args = ["config", "-z", "--get-regexp", "^(remote\\..*\\.url|branch\\..*\\.remote)$"];
  const settings = (await git.text(args, { allow: [1] })).split("\0").filter(Boolean);
  const [remotes, tracked] = [new Set<string>(), new Map<string, string>()];
  for (const setting of settings) {
    const [key = "", ...value] = setting.split("\n");
    const [, kind, name] = /^(remote|branch)\.(.*)\.[a-z]+$/s.exec(key) ?? [];
    if (kind === "remote" && name) remotes.add(name);
    else if (name) tracked.set(name, value.join("\n"));
  }
  // A branch may track an address, or another branch of this repository, ".".
  return { remotes: [...remotes], tracked: new Map([...tracked].filter(([, remote]) => remotes.has(remote))) };
}

/** Local names of what the remotes called their default branches when they were cloned. */
async function defaultBranches(git: Git): Promise<string[]> {
  const heads = await git.text(["for-each-ref", "--format=%(symref)", "refs/remotes/*/HEAD"]);
  return heads.split("\n").flatMap((ref) => /^refs\/remotes\/[^/]+\/(.+)$/.exec(ref)?.[1] ?? []);
}

/**
 * Where a branch is, in this repository, when it is not where it is looked for: on which of the other remotes, as last fetched,
 * and whether as a local branch.
 */
export async function findElsewhere(
  git: Git,
  branch: string,
  remote: string | null,
): Promise<{ remotes: string[]; local: boolean }> {
  const refs = (await git.text(["for-each-ref", "--format=%(refname)", `refs/heads/${branch}`, "refs/remotes"])).split(
    "\n",
  );
  const remotes = refs.flatMap((ref) =>
    ref.startsWith("refs/remotes/") && ref.endsWith(`/${branch}`)
      ? [ref.slice("refs/remotes/".length, -branch.length - 1)]
      : [],
  );
  return { remotes: remotes.filter((each) => each !== remote), local: refs.includes(`refs/heads/${branch}`) };
}

function list(remotes: readonly string[]): string {
  if (remotes.length === 0) return "no remote";
  return remotes.length === 1 ? `the remote ${remotes[0]}` : `the remotes ${remotes.join(", ")}`;
}

/** The repository as others know it: `github.com/acme/models`, however it is spoken to; its folder when it has no remote. */
export async function repositoryName(git: Git, remote: string | null, root: string): Promise<string> {
  if (remote === null) return root;
  const address = await git.text(["config", "--get", `remote.${remote}.url`], { allow: [1] });
  const [, host, path] =
    /^[a-z+]+:\/\/(?:[^/@]*@)?([^/:]+)(?::\d+)?\/(.+)$/i.exec(address) ??
    /^(?:[^/@]*@)([^/:]+):(.+)$/.exec(address) ??
    [];
  if (host === undefined || path === undefined) return resolve(root, address.replace(/^file:\/\//, ""));
  return `${host.toLowerCase()}/${path.replace(/^\/+/, "").replace(/(?:\.git)?\/*$/, "")}`;
}
