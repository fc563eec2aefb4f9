import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** What a program's processes are known by, wherever they have gone. */
export interface Traces {
  /** Leads the program's process group; null when nobody has told. */
  leader: number | null;
  /** A random text in the environment that they inherit. */
  mark: string;
  /** A folder that is theirs alone: whoever works in it belongs to them. */
  folder: string;
  /** They descend from it, as long as it lives and adopts orphans (see `adopting`). */
  ancestor?: number;
}

// A process may fork and end while the list is read: only lists that stay empty say that none is left.
const mostRounds = 200;
const emptyRounds = 3;
const pauseMs = 5;
const mostAdoptedMs = 20_000;

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
 * Ends what a program left behind: its process group and, on Linux, those that moved into a group of their own (daemons),
 * also when they forgot their environment or fork faster than a list is read.
 */
export function killLeftovers(traces: Traces): void {
  if (traces.leader !== null) signalGroup(traces.leader, "SIGKILL");
  if (traces.ancestor === process.pid) killAdopted();
  for (let round = 0, empty = 0; round < mostRounds && empty < emptyRounds; round++) {
    const killed = killSeen(traces);
    empty = killed === 0 ? empty + 1 : 0;
    if (killed > 0) pause();
  }
}

/**
 * Ends all descendants of this process, which adopts orphans: its own children are a short list, so that even one that lives
 * only to start the next is met before it has. Whoever was killed hands over its children; nobody but us could reap a child
 * that has ended, so its process id is not given again, and when all are such, none is left.
 */
function killAdopted(): void {
  const ended = new Set<number>();
  const until = performance.now() + mostAdoptedMs;
  for (let empty = 0; empty < emptyRounds && performance.now() < until; ) {
    const living = ownChildren().filter((pid) => !ended.has(pid));
    // One of another user, such as sudo, ends with those below it that are ours.
    for (const pid of living.reverse()) if (!killOne(pid)) killBelow(pid);
    for (const pid of living) if (hasEnded(pid)) ended.add(pid);
    empty = living.length === 0 ? empty + 1 : 0;
  }
}

function killBelow(ancestor: number): void {
  const pids = listed("/proc").filter((name) => /^\d+$/.test(name));
  for (const pid of pids.map(Number)) if (pid !== ancestor && descends(pid, ancestor)) killOne(pid);
}

/** Oldest first, with those that have ended; none where the kernel does not list them. */
function ownChildren(): number[] {
  try {
    const list = readFileSync(`/proc/self/task/${process.pid}/children`, "latin1").trim();
    return list === "" ? [] : list.split(" ").map(Number);
  } catch {
    return [];
  }
}

/** Each is ended as soon as it is seen, the newest first: those are the ones that may be gone soon. */
function killSeen(traces: Traces): number {
  const pids = listed("/proc").filter((name) => /^\d+$/.test(name));
  const newestFirst = pids.map(Number).sort((a, b) => b - a);
  return newestFirst.filter((pid) => pid !== process.pid && belongs(pid, traces) && killOne(pid)).length;
}

function belongs(pid: number, { mark, folder, ancestor }: Traces): boolean {
  const { state, parent } = readStat(pid);
  if (endedStates.has(state)) return false;
  return (ancestor !== undefined && descends(parent, ancestor)) || isMarked(pid, mark) || worksIn(pid, folder);
}

// A zombie has ended; it only waits for its parent to notice.
const endedStates: ReadonlySet<string | null> = new Set([null, "Z", "X"]);

function hasEnded(pid: number): boolean {
  return endedStates.has(readStat(pid).state);
}

function descends(pid: number, ancestor: number): boolean {
  for (let at = pid; at > 1; at = readStat(at).parent) if (at === ancestor) return true;
  return false;
}

/** State and parent of a process, from `pid (name) state parent …`, where the name may have any characters. */
function readStat(pid: number): { state: string | null; parent: number } {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    const [state = null, parent] = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { state, parent: Number(parent) };
  } catch {
    return { state: null, parent: 0 }; // ended meanwhile
  }
}

function isMarked(pid: number, mark: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1").includes(mark);
  } catch {
    return false; // ended meanwhile, or of another user
  }
}

function worksIn(pid: number, folder: string): boolean {
  try {
    return `${readlinkSync(`/proc/${pid}/cwd`)}/`.startsWith(`${folder}/`);
  } catch {
    return false; // ended meanwhile, or of another user
  }
}

function listed(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // no Linux
  }
}

function killOne(pid: number): boolean {
  try {
    return process.kill(pid, "SIGKILL");
  } catch {
    return false; // ended meanwhile
  }
}

function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs);
}
