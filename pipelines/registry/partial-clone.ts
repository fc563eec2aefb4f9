import { smallFiles } from "./git/allowed-filter.ts";
import { GitError } from "./git/failure.ts";
import type { Git } from "./git/git.ts";
import { isAncestor, parseTree } from "./git/objects.ts";
import { fetchObjects } from "./git/treeless.ts";

/** Of all that is fetched: records, pointers and cards come at once; models, which a job reads few of, when they are read. */
const filter = "blob:limit=40k";

/**
 * Lets fetches from a remote leave out large files, which git brings when they are read: twenty models of fifty versions are
 * 2 MB then instead of 435. It is written into the repository's settings, so that plain git can read it too; a filter that is
 * there stays. A server that knows none is fetched from whole, with a warning by git. Gives the filter of the registry's own
 * fetches, null when they have none of ours.
 */
export async function leaveOutLargeFiles(git: Git, remote: string): Promise<string | null> {
  const setting = (name: string) => `remote.${remote}.${name}`;
  try {
    const found = await git.text(["config", "--get", setting("partialclonefilter")], { allow: [1] });
    if (found !== "") return found === filter ? smallFiles : null;
    // The filter last: it says that both are there.
    await git.run(["config", setting("promisor"), "true"]);
    await git.run(["config", setting("partialclonefilter"), filter]);
    return smallFiles;
  } catch (error) {
    if (!(error instanceof GitError)) throw error; // settings that cannot be written make fetches slower, nothing else
    return null;
  }
}

/** Fetches files by their ids, at once rather than one by one. */
export function fetchFiles(git: Git, remote: string, ids: readonly string[]): Promise<void> {
  return fetchObjects(git, remote, ids, "blob:none");
}

/** Fetches all that a partial clone left out of `tip` and its history, down to `since`; nothing in another clone. */
export async function fetchLeftOut(git: Git, remote: string, tip: string, since: string | null): Promise<void> {
  const isPartial = await git.text(["config", "--get", `remote.${remote}.promisor`], { allow: [1] });
  if (isPartial !== "true") return;
  await git.history();
  const until = since !== null && (await isAncestor(git, since, tip)) ? [`^${since}`] : [];
  const missing = await listMissing(git, [tip, ...until]);
  await fetchFiles(git, remote, [...missing]);
}

/** Fetches one file of each of these folders (ids of trees or `<commit>:<path>`) at once, where a partial clone left some of them out. */
export async function fetchFileOf(git: Git, folders: readonly string[], file: string): Promise<void> {
  if (folders.length < 2 || (await git.promisor()) === null) return;
  const [trees, files] = [[] as string[], new Set<string>()];
  await git.objects.visit(folders, (folder) => {
    const found = folder?.type === "tree" && parseTree(folder).find(({ name }) => name === file);
    if (!found) return;
    trees.push(folder.oid);
    files.add(found.oid);
  });
  await fetchAmong(git, trees, files);
}

/** Fetches at once what a partial clone left out below a folder (an id of a tree or `<commit>:<path>`). */
export async function fetchBelow(git: Git, folder: string): Promise<void> {
  const remote = await git.promisor();
  if (remote !== null) await fetchFiles(git, remote, [...(await listMissing(git, [folder]))]);
}

/** Fetches those of these files at once that are below these commits or trees and that a partial clone left out. */
export async function fetchAmong(git: Git, below: readonly string[], files: ReadonlySet<string>): Promise<void> {
  const remote = files.size > 1 ? await git.promisor() : null;
  if (remote === null) return;
  const missing = await listMissing(git, below);
  await fetchFiles(git, remote, [...missing.intersection(files)]);
}

/** Ids of what is below these commits or trees and not here; nothing is fetched. */
async function listMissing(git: Git, below: readonly string[]): Promise<Set<string>> {
  const listing = ["rev-list", "--objects", "--missing=print", "--no-object-names", "--stdin"];
  const listed = await git.text(listing, { input: `${below.join("\n")}\n` });
  return new Set(listed.split("\n").flatMap((line) => (line.startsWith("?") ? [line.slice(1)] : [])));
}
