import { parseFacts, parseSubject } from "./commit-message.ts";
import type { PointerChange, PointerState } from "./pointer-changes.ts";

/** A version that came into production, and is there or can be gone back to. */
export interface Deployment {
  state: PointerState;
  /** The commit that put it there, not one that only came back to it. */
  by: PointerChange;
  /** It had been in production before. */
  putBack: boolean;
}

/** One change of what is in production. */
export interface Move {
  /** `promote` puts something new into production, `rollback` comes back to something earlier or to nothing. */
  action: "promote" | "rollback";
  /** In production before and afterwards; null for none, and for a damaged pointer. */
  from: number | null;
  to: number | null;
  commit: string;
  /** The commit's author. */
  by: string;
  /** ISO, UTC. */
  time: string;
  subject: string;
  pullRequest: number | null;
  /** Why mergeml rolled back by itself; null when a person did it. */
  automatic: string | null;
}

/** All that the changes of a model's production amount to: the one answer to what was there before, and what was taken back. */
export interface Deployments {
  /** What is still there to go back to, in the order in which it came; the last is in production. */
  stack: readonly Deployment[];
  /** Oldest first. */
  moves: readonly Move[];
  /** Versions that were in production at some time. */
  deployed: ReadonlySet<number>;
  /** Versions that a rollback took out of production and that were not put back since. */
  rolledBack: ReadonlySet<number>;
  /** Versions that mergeml once took back by itself. */
  failed: ReadonlySet<number>;
}

/** Folds the changes of production.json, oldest first, by what they did and not by what their messages say. */
export function foldDeployments(changes: readonly PointerChange[]): Deployments {
  let stack: readonly Deployment[] = [];
  const moves: Move[] = [];
  const [deployed, rolledBack, failed] = [new Set<number>(), new Set<number>(), new Set<number>()];
  for (const change of changes) {
    const move = moveOf(change, stack);
    const { from, to, action, automatic } = move;
    stack = afterChange(stack, change, to !== null && deployed.has(to));
    moves.push(move);
    if (from !== null && action === "rollback") rolledBack.add(from);
    if (from !== null && automatic !== null) failed.add(from);
    if (to !== null) {
      deployed.add(to);
      rolledBack.delete(to);
    }
  }
  return { stack, moves, deployed, rolledBack, failed };
}

function moveOf(change: PointerChange, stack: readonly Deployment[]): Move {
  const { commit, author, time, subject, message, from, to } = change;
  const isReturn = to === null || positionIn(stack, to) >= 0;
  const { pullRequest = null, automatic = null } = parseFacts(message) ?? {};
  return {
    action: isReturn ? "rollback" : "promote",
    from: from?.version ?? null,
    to: to?.version ?? null,
    ...{ commit, by: author, time, subject, pullRequest, automatic },
  };
}

/** A change to something new is put on top; one that comes back to an earlier deployment takes off everything above it. */
function afterChange(stack: readonly Deployment[], by: PointerChange, putBack: boolean): readonly Deployment[] {
  const { to } = by;
  if (to === null) return [];
  const known = positionIn(stack, to);
  return known >= 0 ? stack.slice(0, known + 1) : [...stack, { state: to, by, putBack }];
}

/** By the blob: a version that was promoted twice has two deployments, and a revert says which one it comes back to. */
function positionIn(stack: readonly Deployment[], { blob }: PointerState): number {
  return stack.findIndex(({ state }) => state.blob === blob);
}

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

/** null when nothing is in production, or a pointer that cannot be read. */
export function standingOf({ stack, moves, failed }: Deployments): Standing | null {
  const [current, last] = [stack.at(-1), moves.at(-1)];
  const version = current?.state.version ?? null;
  if (!current || !last || version === null) return null;
  const previous = stack.at(-2)?.state.version ?? null;
  return {
    version,
    promotion: current.by.commit,
    since: last.time,
    by: last.by,
    arrival: isReturn(last) ? "rolled back to" : current.putBack ? "put back" : "promoted",
    previous: previous === null ? null : { version: previous, failed: failed.has(previous) },
  };
}

/** `mergeml rollback --to` of a version that never was in production is new there, and no promotion all the same. */
function isReturn({ action, subject }: Move): boolean {
  return action === "rollback" || parseSubject(subject)?.kind === "rollback";
}
