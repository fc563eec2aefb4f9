import { parseSubject } from "./commit-message.ts";
import type { HistoryEntry } from "./history.ts";

/** How the version in production came there, and what was there before it. */
export interface Standing {
  version: number;
  /** The commit that put it there. */
  promotion: string;
  /** When, ISO UTC. */
  since: string;
  by: string;
  /** `put back`: promoted on purpose although it had been in production before. */
  arrival: "promoted" | "put back" | "rolled back to";
  /** What a revert of the promotion brings back; null for nothing. */
  previous: {
    version: number;
    /** mergeml once took it back by itself. */
    failed: boolean;
  } | null;
}

interface Deployed {
  version: number;
  entry: HistoryEntry;
  putBack: boolean;
}

/** Reads it from a model's history, newest first as the registry gives it; null when nothing is in production. */
export function standingOf(history: readonly HistoryEntry[]): Standing | null {
  let stack: readonly Deployed[] = [];
  const [seen, failed] = [new Set<number>(), new Set<number>()];
  let last: HistoryEntry | null = null;
  for (const entry of history.toReversed().filter(({ action }) => action !== "register")) {
    if (entry.automatic !== null && entry.from !== null) failed.add(entry.from);
    stack = after(stack, entry, seen);
    if (entry.to !== null) seen.add(entry.to);
    last = entry;
  }
  const [previous, current] = [stack.at(-2), stack.at(-1)];
  if (!current || !last) return null;
  return {
    version: current.version,
    promotion: current.entry.commit,
    since: last.time,
    by: last.by,
    arrival: isReturn(last) ? "rolled back to" : current.putBack ? "put back" : "promoted",
    previous: previous ? { version: previous.version, failed: failed.has(previous.version) } : null,
  };
}

/** `mergeml rollback --to` of a version that never was in production is new there, and no promotion all the same. */
function isReturn({ action, subject }: HistoryEntry): boolean {
  return action === "rollback" || parseSubject(subject)?.kind === "rollback";
}

function after(stack: readonly Deployed[], entry: HistoryEntry, seen: ReadonlySet<number>): readonly Deployed[] {
  const { action, to } = entry;
  if (to === null) return [];
  const known = action === "rollback" ? stack.findLastIndex(({ version }) => version === to) : -1;
  return known >= 0 ? stack.slice(0, known + 1) : [...stack, { version: to, entry, putBack: seen.has(to) }];
}
