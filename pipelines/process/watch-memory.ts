import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";

/** A process fills no more memory in a second, on the machines that CI has; so often must one look. Bytes. */
const fastestGrowth = 8 * 2 ** 30;
const [shortestMs, longestMs] = [5, 100];
const elsewhereMs = 200;

/** A process's memory as it is watched. */
export interface MemoryWatch extends Disposable {
  /** The most that was seen. Bytes. */
  peak(): number;
}

/**
 * Looks at the memory a process has, from outside, until it is disposed of, and says when it is above `most` bytes. Often
 * enough that a process is seen at a few per cent above; on what is no Linux five times a second.
 */
export function watchMemory(pid: number, most: number, exceeded: () => void): MemoryWatch {
  let timer: NodeJS.Timeout | undefined;
  let peak = 0;
  let ended = false;
  const look = async () => {
    const bytes = await memoryOf(pid);
    peak = Math.max(peak, bytes);
    if (ended) return;
    if (bytes > most) exceeded();
    else timer = setTimeout(look, pauseMs(most - bytes));
  };
  void look();
  return {
    peak: () => peak,
    [Symbol.dispose]() {
      ended = true;
      clearTimeout(timer);
    },
  };
}

function pauseMs(room: number): number {
  if (process.platform !== "linux") return elsewhereMs;
  return Math.min(longestMs, Math.max(shortestMs, (room / fastestGrowth) * 1000));
}

/** Memory and swap that a process occupies, in bytes; 0 when it has ended. */
export async function memoryOf(pid: number): Promise<number> {
  return process.platform === "linux" ? linuxMemory(pid) : listedMemory(pid);
}

function linuxMemory(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "latin1");
    const kilobytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? 0);
    return (kilobytes("VmRSS") + kilobytes("VmSwap")) * 1024;
  } catch {
    return 0;
  }
}

function listedMemory(pid: number): Promise<number> {
  return new Promise((resolve) => {
    execFile("ps", ["-o", "rss=", "-p", String(pid)], (_error, stdout) => resolve(Number(stdout.trim() || 0) * 1024));
  });
}

/** When the machine itself has no memory left, the kernel ends this process before any other. Does nothing elsewhere. */
export function preferAsVictim(pid: number): void {
  if (process.platform !== "linux") return;
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, "1000");
  } catch {
    // A sandbox without a writable /proc: the watch from outside still holds.
  }
}
