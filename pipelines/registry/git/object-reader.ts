import { type GitOptions, type StayingGit, startStayingGit } from "./run-git.ts";

export interface GitObject {
  oid: string;
  type: "blob" | "tree" | "commit" | "tag";
  content: Buffer;
}

/** Reads git's objects through processes that stay for the next reader. */
export interface ObjectReader extends AsyncDisposable {
  /**
   * Objects in the order of `names` (ids or `<commit>:<path>`), null for one that does not exist. One object is in memory at a
   * time. A reader inside the loop of another has a process of its own; leaving a loop early ends its process.
   */
  read(names: readonly string[]): AsyncGenerator<GitObject | null>;
  /**
   * Hands the same to `see`, one after the other, until it returns true. However many ask at once, one process answers them in
   * turn: `see` reads nothing itself, so nobody waits for somebody who waits for him.
   */
  visit(names: readonly string[], see: (object: GitObject | null, index: number) => unknown): Promise<void>;
}

/** So many names are asked for ahead of the answers: enough to keep git busy, too few to fill its input while it writes. */
const ahead = 100;

/** A process that nobody has asked for so long ends by itself; the next reader starts another. */
const idleMilliseconds = 20_000;

/** Nothing runs until something is read. */
export function openObjectReader(cwd: string, options: GitOptions): ObjectReader {
  let idle: Batch | null = null;
  let timer: NodeJS.Timeout | undefined;
  let visited: Promise<unknown> = Promise.resolve();
  const take = (): Batch | null => {
    const taken = idle;
    [idle, timer] = [null, void clearTimeout(timer)];
    return taken?.alive() ? taken : null;
  };
  const giveBack = async (batch: Batch): Promise<void> => {
    if (idle) return batch.end();
    idle = batch;
    timer = setTimeout(() => void take()?.end(), idleMilliseconds).unref();
  };
  const reader: ObjectReader = {
    async *read(names) {
      if (names.length === 0) return;
      const kept = take();
      let batch = kept ?? openBatch(cwd, options);
      let done = 0;
      try {
        for await (const object of batch.read(names)) {
          done += 1;
          yield object;
        }
      } catch (error) {
        await batch.end();
        // It may have been ended between two readers, by hand or for want of memory; whatever else is wrong shows again.
        if (!kept) throw error;
        batch = openBatch(cwd, options);
        yield* batch.read(names.slice(done));
      } finally {
        if (batch.asked()) await batch.end();
        else await giveBack(batch);
      }
    },
    visit(names, see) {
      if (names.length === 0) return Promise.resolve();
      const turn = visited.then(async () => {
        let index = 0;
        for await (const object of reader.read(names)) if (see(object, index++) === true) return;
      });
      visited = turn.catch(() => undefined);
      return turn;
    },
    async [Symbol.asyncDispose]() {
      await take()?.end();
    },
  };
  return reader;
}

/** One `git cat-file --batch`, for one reader at a time. */
interface Batch {
  read(names: readonly string[]): AsyncGenerator<GitObject | null>;
  /** Whether answers are still to come. */
  asked(): boolean;
  alive(): boolean;
  end(): Promise<void>;
}

function openBatch(cwd: string, options: GitOptions): Batch {
  const git = startStayingGit(cwd, ["cat-file", "--batch"], options);
  const reader = byteReader(git);
  let open = 0;
  return {
    async *read(names) {
      let asked = 0;
      for (let index = 0; index < names.length; index += 1) {
        if (asked < names.length && asked - index < ahead / 2) {
          const next = names.slice(asked, index + ahead);
          git.write(next.map((name) => `${name}\n`).join(""));
          [asked, open] = [asked + next.length, open + next.length];
        }
        const object = await readObject(reader);
        open -= 1;
        yield object;
      }
    },
    asked: () => open > 0,
    alive: git.alive,
    end: git.end,
  };
}

async function readObject(reader: ByteReader): Promise<GitObject | null> {
  const header = (await reader.line()).toString("utf8");
  const [, oid, type, size] = /^([0-9a-f]+) (blob|tree|commit|tag) (\d+)$/.exec(header) ?? [];
  if (!oid || !type || size === undefined) return null;
  const content = await reader.bytes(Number(size));
  await reader.bytes(1);
  return { oid, type: type as GitObject["type"], content };
}

type ByteReader = ReturnType<typeof byteReader>;

function byteReader(git: Pick<StayingGit, "next">) {
  let chunks: Buffer[] = [];
  let length = 0;
  const more = async (): Promise<void> => {
    const next = await git.next();
    chunks.push(next);
    length += next.length;
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
  };
}
