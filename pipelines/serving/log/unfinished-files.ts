import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { WriterOwner } from "./writer-protocol.ts";

/** A file of a writer on another machine, which cannot be asked whether it lives, is removed once it is so old. */
const abandonedAfterMs = 24 * 60 * 60 * 1000;

/** `host~12345~serve-1a2b3c4d~7.part`. */
export function partName({ host, pid, writer }: WriterOwner, number: number): string {
  return `${host.replaceAll(/[^A-Za-z0-9.-]/g, "-")}~${pid}~${writer}~${number}.part`;
}

/**
 * Removes what writers that are gone left behind. One of this machine is gone when its process is, or when its number is ours by
 * now: in a container that started again every process has the number it had before.
 */
export async function removeLeftovers(parts: string, owner: WriterOwner, now: number): Promise<void> {
  for (const name of await readdir(parts).catch(() => [])) {
    const [, host, pid, writer] = /^([^~]+)~(\d+)~([^~]+)~\d+\.part$/.exec(name) ?? [];
    if (host === undefined || writer === owner.writer) continue;
    const path = join(parts, name);
    const isLocal = host === partName(owner, 0).split("~")[0];
    const isGone = isLocal
      ? Number(pid) === owner.pid || !isRunning(Number(pid))
      : now - ((await stat(path).catch(() => null))?.mtimeMs ?? now) > abandonedAfterMs;
    if (isGone) await rm(path, { force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"; // it is somebody else's, and there
  }
}
