import { GitError } from "./git/failure.ts";
import type { Git } from "./git/git.ts";
import { isAncestor } from "./git/objects.ts";

/** Records, pointers and cards come at once; models, which a job reads few of, when they are read. */
const filter = "blob:limit=40k";

/** So many ids go to one fetch. */
const mostAtOnce = 5000;

/** As git fetches by itself what a partial clone lacks. */
const fetchById = [
  ...["-c", "fetch.negotiationAlgorithm=noop", "fetch", "--progress", "--no-tags", "--no-write-fetch-head"],
  ...["--recurse-submodules=no", "--filter=blob:none", "--no-auto-maintenance"],
];

/**
 * Lets fetches from a remote leave out large files, which git brings when they are read: twenty models of fifty versions are
 * 2 MB then instead of 435. It is written into the repository's settings, so that plain git can read it too; a filter that is
 * there stays. A server that knows none is fetched from whole, with a warning by git.
 */
export async function leaveOutLargeFiles(git: Git, remote: string): Promise<void> {
  const setting = (name: string) => `remote.${remote}.${name}`;
  try {
    if (await git.text(["config", "--get", setting("partialclonefilter")], { allow: [1] })) return;
    // The filter last: it says that both are there.
    await git.run(["config", setting("promisor"), "true"]);
    await git.run(["config", setting("partialclonefilter"), filter]);
  } catch (error) {
    if (!(error instanceof GitError)) throw error; // settings that cannot be written make fetches slower, nothing else
  }
}

/** Fetches files by their ids, at once rather than one by one. */
export async function fetchFiles(git: Git, remote: string, ids: readonly string[]): Promise<void> {
  for (let from = 0; from < ids.length; from += mostAtOnce) {
    const input = `${ids.slice(from, from + mostAtOnce).join("\n")}\n`;
    await git.run([...fetchById, remote, "--stdin"], { input, progress: true });
  }
}

/** Fetches all that a partial clone left out of `tip` and its history, down to `since`; nothing in another clone. */
export async function fetchLeftOut(git: Git, remote: string, tip: string, since: string | null): Promise<void> {
  const isPartial = await git.text(["config", "--get", `remote.${remote}.promisor`], { allow: [1] });
  if (isPartial !== "true") return;
  const until = since !== null && (await isAncestor(git, since, tip)) ? [`^${since}`] : [];
  const listed = await git.text(["rev-list", "--objects", "--missing=print", "--no-object-names", tip, ...until]);
  const missing = listed.split("\n").flatMap((line) => (line.startsWith("?") ? [line.slice(1)] : []));
  await fetchFiles(git, remote, missing);
}
