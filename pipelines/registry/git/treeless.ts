import { GitError } from "./failure.ts";
import type { Git } from "./git.ts";
import { readAllObjects } from "./objects.ts";

/** There while a clone has the folders of a branch's tip alone; at that tip. */
const marker = "refs/mergeml/treeless";

/** So many ids go to one fetch. */
const mostAtOnce = 5000;

/** As git fetches by itself what a partial clone lacks. */
const fetchById = [
  ...["-c", "fetch.negotiationAlgorithm=noop", "fetch", "--progress", "--no-tags", "--no-write-fetch-head"],
  ...["--recurse-submodules=no", "--no-auto-maintenance"],
];

/** Fetches objects by their ids, at once rather than one by one; of what is below them, what the filter lets through. */
export async function fetchObjects(
  git: Pick<Git, "run">,
  remote: string,
  ids: readonly string[],
  filter: string,
): Promise<void> {
  for (let from = 0; from < ids.length; from += mostAtOnce) {
    const input = `${ids.slice(from, from + mostAtOnce).join("\n")}\n`;
    await git.run([...fetchById, `--filter=${filter}`, remote, "--stdin"], { input, progress: true });
  }
}

interface TipFetch {
  remote: string;
  branch: string;
  /** Where the tip is kept, once all of it is here. */
  tracking: string;
  /** `git fetch` and how, up to the remote. */
  fetch: readonly string[];
}

/**
 * Fetches a branch for the first time: every commit, but the files and folders of the last one alone. Of ten thousand versions
 * the folders that were are most of what there is. What is asked of them later, git fetches by itself, which is right and slow:
 * `Git.history` brings them together.
 */
export async function fetchTreeless(git: Git, { remote, branch, tracking, fetch }: TipFetch): Promise<void> {
  await git.run([...fetch, "--filter=tree:0", remote, `+${branch}:${marker}`], { progress: true });
  const [tip] = await readAllObjects(git, [`${marker}^{commit}`]);
  const [, tree] = /^tree ([0-9a-f]+)$/m.exec(tip!.content.toString("latin1"))!;
  // A server that knows no filters, or not this one, has sent the folders too.
  const listing = ["rev-list", "--objects", "--no-walk", "--missing=print", "--no-object-names"];
  const missing = (await git.text([...listing, tip!.oid])).includes(`?${tree}`);
  if (missing) await fetchObjects(git, remote, [tree!], smallFiles);
  else await git.run(["update-ref", "-d", marker, tip!.oid]);
  await git.run(["update-ref", tracking, tip!.oid]);
}

/** Fetches the folders that `fetchTreeless` left out, with their small files; nothing in another clone. */
export async function fetchHistory(git: Pick<Git, "promisor" | "objects" | "text" | "run">): Promise<void> {
  const [tip] = await readAllObjects(git, [`${marker}^{commit}`]);
  const remote = tip ? await git.promisor() : null;
  if (!tip || remote === null) return;
  const trees = new Set((await git.text(["log", "--format=%T", tip.oid])).split("\n"));
  await fetchObjects(git, remote, [...trees], smallFiles);
  await git.run(["update-ref", "-d", marker, tip.oid]);
}

/** Of the registry, of which a job reads pointers and little else: who reads records or profiles of many versions fetches them together. */
export const smallFiles = "blob:limit=1k";

/**
 * Runs a command of git; a fetch whose filter the server refuses, as some allow only a few or none, is run with a coarser one: instead
 * of no folders, all of them with their small files; instead of any other, everything.
 */
export async function withAllowedFilter<T>(
  args: readonly string[],
  run: (args: readonly string[]) => Promise<T>,
): Promise<T> {
  try {
    return await run(args);
  } catch (error) {
    const isRefused = error instanceof GitError && /filter '[^']*' not supported/.test(error.stderr);
    const at = args.indexOf("fetch") + 1;
    if (!isRefused || at === 0 || args.includes("--no-filter")) throw error;
    const coarser = args.includes("--filter=tree:0") ? `--filter=${smallFiles}` : "--no-filter";
    const rest = args.slice(at).filter((each) => !each.startsWith("--filter="));
    return withAllowedFilter([...args.slice(0, at), coarser, ...rest], run);
  }
}
