import { readHidden, writeHidden } from "./hidden-line.ts";

/** What an issue about a model that cannot be deployed remembers, in a hidden line at the top of its body. */
export interface BlockedMemory {
  model: string;
  /** The first sixteen digits of the definition that is blocked; empty where the config cannot be read. */
  definition: string;
  /** Why mergeml closed it; null while it is open, and when a person closed it. */
  closed: "over" | "copy" | null;
}

/** The hidden line. Nothing in it is free text. */
export function writeBlockedMemory({ model, definition, closed }: BlockedMemory): string {
  return writeHidden("blocked", { model, definition, closed });
}

/** What the first line of an issue's body says; null when it is not ours or was damaged. */
export function readBlockedMemory(body: string): BlockedMemory | null {
  const { model, definition, closed } = readHidden("blocked", body);
  const isSound =
    typeof model === "string" &&
    /^([0-9a-f]{16})?$/.test(String(definition)) &&
    (closed === null || closed === "over" || closed === "copy");
  return isSound ? ({ model, definition, closed } as BlockedMemory) : null;
}

/** A model as a deploy left it: blocked with a definition, or not. */
export interface BlockedState {
  model: string;
  /** null: nothing of it waits to be deployed. */
  blocked: { definition: string } | null;
}

/** One of our issues about blocked models, as GitHub has it. */
export interface KnownBlockedIssue {
  number: number;
  open: boolean;
  memory: BlockedMemory;
}

/** What is to be done about a model's issue. `memory` is what it will remember afterwards. */
export type BlockedNotice =
  | { action: "nothing" }
  | { action: "create"; memory: BlockedMemory }
  | { action: "update" | "close" | "reopen"; issue: number; memory: BlockedMemory };

/**
 * One issue a model, kept up to date while it is blocked and closed when nothing of it waits any more. One that a person closed
 * stays closed until another definition is blocked.
 */
export function decideBlockedNotice(
  { model, blocked }: BlockedState,
  issues: readonly KnownBlockedIssue[],
): BlockedNotice {
  const issue = newestBlocked(issues);
  if (blocked === null)
    return issue?.open
      ? { action: "close", issue: issue.number, memory: { ...issue.memory, closed: "over" } }
      : { action: "nothing" };
  const memory: BlockedMemory = { model, definition: blocked.definition, closed: null };
  if (issue?.open) return { action: "update", issue: issue.number, memory };
  const isKnown = issue?.memory.closed === null && issue.memory.definition === blocked.definition;
  return isKnown ? { action: "nothing" } : { action: "create", memory };
}

/** Open issues beside the one that stays: parallel runs made them. */
export function blockedCopies<Issue extends KnownBlockedIssue>(issues: readonly Issue[]): Issue[] {
  const kept = newestBlocked(issues);
  return issues.filter(({ open, number }) => open && number !== kept?.number);
}

/** The oldest open one, else the one that was opened last. */
function newestBlocked<Issue extends KnownBlockedIssue>(issues: readonly Issue[]): Issue | undefined {
  const own = issues.filter(({ memory }) => memory.closed !== "copy").toSorted((a, b) => a.number - b.number);
  return own.find(({ open }) => open) ?? own.at(-1);
}
