import { EnvironmentError } from "../../errors/environment-error.ts";
import type { Git } from "./git.ts";
import type { GitObject } from "./object-reader.ts";

export interface TreeEntry {
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
