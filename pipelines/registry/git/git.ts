import { statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { GitError } from "./failure.ts";
import { type Identity, readIdentity } from "./identity.ts";
import { type ObjectReader, openObjectReader } from "./object-reader.ts";
import { isAncestor, parseTree } from "./objects.ts";
import { type GitOptions, type GitOutput, type RunOptions, runGit, streamGit } from "./run-git.ts";
import { fetchHistory, fetchObjects, smallFiles, withAllowedFilter } from "./treeless.ts";

/** Git in one repository. Every failure is a GitError (an EnvironmentError) that says what it means and how to mend it. */
export interface Git extends AsyncDisposable {
  readonly cwd: string;
  run(args: readonly string[], options?: RunOptions): Promise<GitOutput>;
  /** stdout as text, without the newline at its end. */
  text(args: readonly string[], options?: RunOptions): Promise<string>;
  /** stdout as it comes; leaving the loop ends the command. */
  stream(args: readonly string[], options?: RunOptions): AsyncGenerator<Buffer>;
  /** Objects through one process that stays until it is not needed. */
  readonly objects: Pick<ObjectReader, "read" | "visit">;
  /** The remote that has what this clone left out, asked once; null when it is whole. */
  promisor(): Promise<string | null>;
  /** Comes when the folders of all commits are here, which the first fetch of a job may have left out. */
  history(): Promise<void>;
  /** Who git says we are, asked once. Throws GitError when nobody is configured. */
  identity(): Promise<Identity>;
  /** The same repository through the same process that reads objects, each other command within so many seconds. */
  within(seconds: number): Git;
  /** Top folder of the work tree. */
  root(): Promise<string>;
  /** null outside a repository and before its first commit. */
  headCommit(): Promise<string | null>;
  /** The last commit that changed `path`; null outside a repository and for a path no commit has. */
  commitOf(path: string): Promise<string | null>;
  /** Whether anything at or under `path` differs from HEAD; untracked files count. false outside a repository. */
  isDirty(path: string): Promise<boolean>;
}

/** Git for the repository around `cwd`. Nothing runs until a method is called. */
export function openGit(cwd: string, options: GitOptions): Git {
  return gitWith(cwd, options, {
    reader: openObjectReader(cwd, options),
    identity: null,
    promisor: null,
    history: null,
  });
}

/** What is kept of a repository from one command to the next. */
interface Kept {
  reader: ObjectReader;
  identity: Promise<Identity> | null;
  promisor: Promise<string | null> | null;
  /** While it is being fetched. */
  history: Promise<void> | null;
}

function gitWith(cwd: string, options: GitOptions, kept: Kept): Git {
  const { reader } = kept;
  const run: Git["run"] = (args, each) => withAllowedFilter(args, (allowed) => runGit(cwd, allowed, options, each));
  // Who is told to say who he is may do so and try again.
  const forget = (error: unknown) => {
    kept.identity = null;
    throw error;
  };
  const text: Git["text"] = async (args, each) => (await run(args, each)).stdout.toString("utf8").replace(/\n$/, "");
  const promisor: Git["promisor"] = () => (kept.promisor ??= readPromisor(text));
  const history = () => fetchHistory({ promisor, objects: reader, text, run }).finally(() => (kept.history = null));
  return {
    cwd,
    run,
    text,
    objects: reader,
    [Symbol.asyncDispose]: () => reader[Symbol.asyncDispose](),
    promisor,
    history: () => (kept.history ??= history()),
    identity: () => (kept.identity ??= readIdentity({ text }).catch(forget)),
    within: (timeoutSeconds) => gitWith(cwd, { ...options, timeoutSeconds }, kept),
    stream: (args, each) => streamGit(cwd, args, options, each),
    root: () => text(["rev-parse", "--show-toplevel"]),
    headCommit: () =>
      orOutside(
        async () => (await text(["rev-parse", "--quiet", "--verify", "HEAD^{commit}"], { allow: [1] })) || null,
        null,
      ),
    commitOf: (path) => orOutside(() => lastCommit(cwd, path, options), null),
    isDirty: (path) => orOutside(() => differs(cwd, path, options), false),
  };
}

async function readPromisor(text: Git["text"]): Promise<string | null> {
  const settings = await text(["config", "--get-regexp", "^remote\\..*\\.promisor$"], { allow: [1] });
  return /^remote\.(.*)\.promisor true$/m.exec(settings)?.[1] ?? null;
}

async function lastCommit(cwd: string, path: string, options: GitOptions): Promise<string | null> {
  const { folder, absolute } = place(cwd, path);
  const head = await runGit(folder, ["rev-parse", "--quiet", "--verify", "HEAD"], options, { allow: [1] });
  if (head.code !== 0) return null;
  const { stdout } = await runGit(folder, ["log", "-1", "--format=%H", "HEAD", "--", absolute], options);
  return stdout.toString("utf8").trim() || null;
}

async function differs(cwd: string, path: string, options: GitOptions): Promise<boolean> {
  const { folder, absolute } = place(cwd, path);
  const { stdout } = await runGit(
    folder,
    ["status", "--porcelain", "-z", "--untracked-files=all", "--", absolute],
    options,
  );
  return stdout.length > 0;
}

/** The path's own repository is meant, which is not always that of `cwd`. */
function place(cwd: string, path: string): { folder: string; absolute: string } {
  const absolute = resolve(cwd, path);
  const isFolder = statSync(absolute, { throwIfNoEntry: false })?.isDirectory();
  return { folder: isFolder ? absolute : dirname(absolute), absolute };
}

async function orOutside<T>(ask: () => Promise<T>, outside: T): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof GitError && error.kind === "not-a-repository") return outside;
    throw error;
  }
}

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
