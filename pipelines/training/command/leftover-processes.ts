import { readdirSync, readFileSync } from "node:fs";

/** Sends a signal to a process group; false when there is no such group any more. */
export function signalGroup(leader: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(-leader, signal);
    return true;
  } catch {
    return false; // ESRCH: all have ended
  }
}

/**
 * Ends what a program left behind: its process group and, on Linux, those that moved into a group of their own (daemons).
 * These are known by `mark`, a random text in the environment that they inherited.
 */
export function killLeftovers(leader: number, mark: string): void {
  signalGroup(leader, "SIGKILL");
  // A process may fork while the list is read; its child is found in the next round.
  for (let round = 0; round < 5; round++) {
    const marked = markedProcesses(mark);
    if (marked.length === 0) return;
    for (const pid of marked) killOne(pid);
  }
}

function markedProcesses(mark: string): number[] {
  return listed("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && isMarked(pid, mark));
}

function listed(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // no Linux
  }
}

/** Zombies have no environment left, so they do not count. */
function isMarked(pid: number, mark: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1").includes(mark);
  } catch {
    return false; // ended meanwhile, or of another user
  }
}

function killOne(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // ended meanwhile
  }
}
