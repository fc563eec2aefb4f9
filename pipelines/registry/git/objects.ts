import type { Git } from "./git.ts";

export interface GitObject {
  oid: string;
  type: "blob" | "tree" | "commit" | "tag";
  content: Buffer;
}

export interface TreeEntry {
  mode: string;
  name: string;
  oid: string;
}

/**
 * Reads many objects with one `git cat-file --batch`, in the order of `names` (ids or `<commit>:<path>`);
 * null for one that does not exist. One object is in memory at a time. Leaving the loop stops git.
 */
export async function* readObjects(git: Git, names: readonly string[]): AsyncGenerator<GitObject | null> {
  if (names.length === 0) return;
  const reader = byteReader(git.stream(["cat-file", "--batch"], { input: `${names.join("\n")}\n` }));
  try {
    for (let index = 0; index < names.length; index += 1) yield await readObject(reader);
    await reader.end();
  } finally {
    // A git that still has something to say would otherwise keep our process alive until its time is up.
    await reader.stop();
  }
}

async function readObject(reader: ByteReader): Promise<GitObject | null> {
  const header = (await reader.line()).toString("utf8");
  const [, oid, type, size] = /^([0-9a-f]+) (blob|tree|commit|tag) (\d+)$/.exec(header) ?? [];
  if (!oid || !type || size === undefined) return null;
  const content = await reader.bytes(Number(size));
  await reader.bytes(1);
  return { oid, type: type as GitObject["type"], content };
}

/** All of `readObjects` at once. */
export async function readAllObjects(git: Git, names: readonly string[]): Promise<(GitObject | null)[]> {
  const objects: (GitObject | null)[] = [];
  for await (const object of readObjects(git, names)) objects.push(object);
  return objects;
}

/** Whether a commit has this file. */
export async function hasFile(git: Git, commit: string, path: string): Promise<boolean> {
  return (await git.run(["cat-file", "-e", `${commit}:${path}`], { allow: [1, 128] })).code === 0;
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

type ByteReader = ReturnType<typeof byteReader>;

function byteReader(source: AsyncGenerator<Buffer>) {
  let chunks: Buffer[] = [];
  let length = 0;
  const more = async (): Promise<void> => {
    const next = await source.next();
    if (next.done) throw new Error("git cat-file ended before its last object");
    chunks.push(next.value);
    length += next.value.length;
  };
  const take = (count: number): Buffer => {
    const all = chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
    chunks = [all.subarray(count)];
    length -= count;
    return all.subarray(0, count);
  };
  const lineEnd = (): number => {
    if (chunks.length > 1) chunks = [Buffer.concat(chunks)];
    return chunks[0]?.indexOf(0x0a) ?? -1;
  };
  return {
    async line(): Promise<Buffer> {
      while (lineEnd() < 0) await more();
      return take(lineEnd() + 1).subarray(0, -1);
    },
    async bytes(count: number): Promise<Buffer> {
      while (length < count) await more();
      return take(count);
    },
    async end(): Promise<void> {
      for await (const _rest of source);
    },
    async stop(): Promise<void> {
      await source.return(undefined);
    },
  };
}
