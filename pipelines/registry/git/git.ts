import { statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { withAllowedFilter } from "./allowed-filter.ts";
import { GitError } from "./failure.ts";
import { type Identity, readIdentity } from "./identity.ts";
import { type ObjectReader, openObjectReader } from "./object-reader.ts";
import { type GitOptions, type GitOutput, type RunOptions, runGit, streamGit } from "./run-git.ts";
import { fetchHistory } from "./treeless.ts";

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
