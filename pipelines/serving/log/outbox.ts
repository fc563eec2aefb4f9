import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Log } from "../../ports/host.ts";
import { formatCount } from "../../statistics/format-number.ts";

/** Files that wait to be sent to where the log is. They are on disk, so that a restart sends what was not. */
export interface Outbox {
  /** Where the newest files are that were sent; null when none is kept. */
  readonly sent: string | null;
  /** A whole file that is new. */
  add(path: string, bytes: number): void;
  /** Why no file may be added now; null when one may. */
  full(): string | null;
  /** What is wrong with sending; null when nothing is. */
  problem(): string | null;
  /** Sends what is left, for so many milliseconds at most. */
  drain(milliseconds: number): Promise<void>;
}

interface OutboxOptions {
  /** Root of the files, laid out as the log. */
  folder: string;
  /** Sends one; a file that was sent before may be sent again. */
  send(path: string): Promise<void>;
  /** Where the newest that were sent are kept; none is by default. */
  sent?: string;
  log: Log;
  /** Bytes that may wait. */
  limit?: number;
}

const mostWaiting = 2 ** 30;
/** Milliseconds until sending is tried again: twice as long each time. */
const [firstWait, longestWait] = [1000, 60_000];

/** Begins with what an earlier run left. One file is sent at a time, oldest first, and removed when it is there. */
export function openOutbox({ folder, send, sent, log, limit = mostWaiting }: OutboxOptions): Outbox {
  const waiting: WholeFile[] = [];
  const done = sent === undefined ? ({ path }: WholeFile) => rm(path, { force: true }) : keepSent(sent, folder);
  let [bytes, problem, ended] = [0, null as string | null, false];
  let wake = () => {};
  const add = (path: string, size: number) => {
    waiting.push({ path, bytes: size });
    bytes += size;
    wake();
  };
  const sendFirst = async () => {
    const [first] = waiting;
    if (!first) return;
    await send(first.path);
    await done(first);
    waiting.shift();
    bytes -= first.bytes;
    problem = null;
  };
  const sending = (async () => {
    for (const left of await wholeFiles(folder)) add(left.path, left.bytes);
    for (let failures = 0; !ended; ) {
      if (waiting.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      try {
        await sendFirst();
        failures = 0;
      } catch (error) {
        const words = `files wait to be sent: ${(error as Error).message.split("\n")[0]}`;
        if (problem !== words) log.warn(`prediction log: ${words}`);
        problem = words;
        await sleep(Math.min(longestWait, firstWait * 2 ** failures++), undefined, { ref: false });
      }
    }
  })();
  return {
    sent: sent ?? null,
    add,
    full: () => (bytes < limit ? null : `${formatCount(bytes / 2 ** 20)} MiB of files wait to be sent already`),
    problem: () => problem,
    async drain(milliseconds) {
      const end = performance.now() + milliseconds;
      while (waiting.length > 0 && performance.now() < end) await sleep(20);
      ended = true;
      wake();
      if (waiting.length === 0) await sending;
      else log.warn(`prediction log: ${waiting.length} files are left in ${folder}; the next start sends them`);
    },
  };
}

/** A whole file of a log, or of what waits to be sent there. */
interface WholeFile {
  path: string;
  bytes: number;
}

const mostBytes = 256 * 2 ** 20;

/**
 * Keeps the newest files that were sent, laid out as the log, so that the server can look at what it answered without asking a bucket.
 * Gives what takes a file over from `root`.
 */
export function keepSent(folder: string, root: string, most = mostBytes): (file: WholeFile) => Promise<void> {
  const earlier = oldestFirst(folder);
  return async ({ path, bytes }) => {
    const kept = await earlier;
    const target = join(folder, relative(root, path));
    await mkdir(dirname(target), { recursive: true });
    await rename(path, target);
    kept.push({ path: target, bytes });
    let sum = kept.reduce((total, file) => total + file.bytes, 0);
    while (sum > most) {
      const [oldest] = kept.splice(0, 1) as [WholeFile];
      sum -= oldest.bytes;
      await rm(oldest.path, { force: true });
    }
  };
}

async function oldestFirst(folder: string): Promise<WholeFile[]> {
  const files = await wholeFiles(folder);
  const dated = await Promise.all(files.map(async (file) => ({ file, written: (await stat(file.path)).mtimeMs })));
  return dated.sort((a, b) => a.written - b.written).map(({ file }) => file);
}

/** Those below a folder, which need not be there: hidden names are not finished. */
async function wholeFiles(folder: string): Promise<WholeFile[]> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const files = names
    .filter((name) => /^[^.][^/]*\/[^/]+\/[^/.][^/]*\.parquet$/.test(name.replaceAll("\\", "/")))
    .sort();
  return Promise.all(
    files.map(async (name) => {
      const path = join(folder, name);
      return { path, bytes: (await stat(path)).size };
    }),
  );
}
