import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Log } from "../../ports/log.ts";
import { formatCount } from "../../statistics/format-number.ts";

/** Files that wait to be sent to where the log is. They are on disk, so that a restart sends what was not. */
export interface Outbox {
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
  log: Log;
  /** Bytes that may wait. */
  limit?: number;
}

const mostWaiting = 2 ** 30;
/** Milliseconds until sending is tried again: twice as long each time. */
const [firstWait, longestWait] = [1000, 60_000];

/** Begins with what an earlier run left. One file is sent at a time, oldest first, and removed when it is there. */
export function openOutbox({ folder, send, log, limit = mostWaiting }: OutboxOptions): Outbox {
  const waiting: { path: string; bytes: number }[] = [];
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
    await rm(first.path, { force: true });
    waiting.shift();
    bytes -= first.bytes;
    problem = null;
  };
  const sending = (async () => {
    for (const left of await filesIn(folder)) add(left.path, left.bytes);
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

/** Whole files of earlier runs: hidden names are not finished. */
async function filesIn(folder: string): Promise<{ path: string; bytes: number }[]> {
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
