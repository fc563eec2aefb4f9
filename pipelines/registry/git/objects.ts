import { EnvironmentError } from "../../errors/expected-error.ts";
import type { Git } from "./git.ts";
import type { Identity } from "./identity.ts";
import type { GitObject } from "./object-reader.ts";

interface TreeEntry {
  mode: string;
  name: string;
  oid: string;
}

/** Objects in the order of `names` (ids or `<commit>:<path>`), null for one that does not exist; one is in memory at a time. */
export function readObjects(git: Pick<Git, "objects">, names: readonly string[]): AsyncGenerator<GitObject | null> {
  return git.objects.read(names);
}

/** All of `readObjects` at once, in turn with whoever else asks. */
export async function readAllObjects(
  git: Pick<Git, "objects">,
  names: readonly string[],
): Promise<(GitObject | null)[]> {
  const objects: (GitObject | null)[] = [];
  await git.objects.visit(names, (object) => void objects.push(object));
  return objects;
}

/** One object. Throws EnvironmentError when the repository does not have it. */
export async function readObject(git: Pick<Git, "objects">, name: string): Promise<Buffer> {
  const [object] = await readAllObjects(git, [name]);
  if (object) return object.content;
  const tried = `git cat-file --batch, for ${name}`;
  throw new EnvironmentError(`git does not have ${name}`, { tried, safe: "nothing was changed" });
}

/** Whether a commit is here, by its whole id. */
export async function hasCommit(git: Pick<Git, "objects">, commit: string): Promise<boolean> {
  if (!/^[0-9a-f]{40,64}$/.test(commit)) return false;
  const [object] = await readAllObjects(git, [`${commit}^{commit}`]);
  return object?.type === "commit";
}

/** Whether `commit` is in the history of `tip`, itself included; false for one that is not here. */
export async function isAncestor(git: Pick<Git, "run" | "objects">, commit: string, tip: string): Promise<boolean> {
  if (!(await hasCommit(git, commit))) return false;
  return (await git.run(["merge-base", "--is-ancestor", commit, tip], { allow: [1] })).code === 0;
}

/** Whether a commit has this file. */
export async function hasFile(git: Git, commit: string, path: string): Promise<boolean> {
  const [file] = await readAllObjects(git, [`${commit}:${path}`]);
  return file !== null;
}

/** Entries of a tree object in git's binary form: `<mode> <name>\0<id>`, ids of 20 bytes (SHA-1) or 32 (SHA-256). */
export function parseTree({ content, oid }: GitObject): TreeEntry[] {
  const idLength = oid.length / 2;
  const entries: TreeEntry[] = [];
  for (let at = 0; at < content.length; ) {
    const space = content.indexOf(0x20, at);
    const zero = content.indexOf(0, space);
    entries.push({
      mode: content.toString("latin1", at, space),
      name: content.toString("utf8", space + 1, zero),
      oid: content.toString("hex", zero + 1, zero + 1 + idLength),
    });
    at = zero + 1 + idLength;
  }
  return entries;
}

/** One file of a commit: new content, an object git already has, or null to delete it. */
export interface FileChange {
  path: string;
  content: string | Uint8Array | { oid: string } | null;
}

/** A commit to be made, as data. */
export interface CommitPlan {
  message: string;
  changes: readonly FileChange[];
}

export interface CommitContext {
  identity: Identity;
  time: Date;
}

/** Never written: fast-import wants a name to build on, and the stream ends by taking it back. */
const scratchRef = "refs/mergeml/import";

/**
 * Makes a chain of commits on `parent` (null for a first commit) with one `git fast-import` and returns their ids, oldest first.
 * Work tree, index and refs stay as they are: until a ref is moved to them, the commits are garbage git collects by itself.
 */
export async function makeCommits(
  git: Git,
  parent: string | null,
  plans: readonly CommitPlan[],
  context: CommitContext,
): Promise<string[]> {
  const input = importStream(parent, plans, context, "0".repeat(parent?.length ?? (await idLength(git))));
  const output = await git.text(["fast-import", "--quiet", "--done", "--date-format=raw"], { input });
  const ids = output.split("\n");
  return context.identity.sign ? signChain(git, parent, ids, context) : ids;
}

async function idLength(git: Git): Promise<number> {
  const [head] = await readAllObjects(git, ["HEAD"]);
  if (head) return head.oid.length;
  return (await git.text(["rev-parse", "--show-object-format"])) === "sha256" ? 64 : 40;
}

/** Seconds since 1970 and the zone, as git writes dates. */
function gitDate(time: Date): string {
  return `${Math.floor(time.getTime() / 1000)} +0000`;
}

function importStream(
  parent: string | null,
  plans: readonly CommitPlan[],
  { identity, time }: CommitContext,
  nullId: string,
): Buffer {
  const parts: (string | Uint8Array)[] = [];
  const when = gitDate(time);
  plans.forEach(({ message, changes }, index) => {
    parts.push(
      `commit ${scratchRef}\nmark :${index + 1}\n`,
      `author ${identity.author} ${when}\ncommitter ${identity.committer} ${when}\n`,
    );
    parts.push(...data(message));
    if (index === 0 && parent) parts.push(`from ${parent}\n`);
    for (const change of changes) parts.push(...fileCommand(change));
    parts.push("\n");
  });
  parts.push(...plans.map((_, index) => `get-mark :${index + 1}\n`));
  parts.push(`reset ${scratchRef}\nfrom ${nullId}\n\ndone\n`);
  return Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : part)));
}

function fileCommand({ path, content }: FileChange): (string | Uint8Array)[] {
  const quoted = `"${path.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
  if (content === null) return [`D ${quoted}\n`];
  if (typeof content === "object" && "oid" in content) return [`M 100644 ${content.oid} ${quoted}\n`];
  return [`M 100644 inline ${quoted}\n`, ...data(content)];
}

function data(content: string | Uint8Array): (string | Uint8Array)[] {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  return [`data ${bytes.length}\n`, bytes, "\n"];
}

/** fast-import cannot sign, so the chain is made once more over the same trees when `commit.gpgSign` asks for it. */
async function signChain(
  git: Git,
  parent: string | null,
  ids: readonly string[],
  context: CommitContext,
): Promise<string[]> {
  const signed: string[] = [];
  const env = { GIT_AUTHOR_DATE: `@${gitDate(context.time)}`, GIT_COMMITTER_DATE: `@${gitDate(context.time)}` };
  for (const id of ids) {
    const above = signed.at(-1) ?? parent;
    const raw = await readObject(git, id);
    const message = raw.subarray(raw.indexOf("\n\n") + 2);
    const args = ["commit-tree", "-S", `${id}^{tree}`, ...(above ? ["-p", above] : []), "-F", "-"];
    signed.push(await git.text(args, { input: message, env }));
  }
  return signed;
}
