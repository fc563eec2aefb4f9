import type { RollbackEvent, RollbackSituation } from "./rollback-events.ts";
import type { RollbackMemory } from "./rollback-memory.ts";

/** One of our issues about rollbacks of a model, as GitHub has it. */
export interface KnownRollbackIssue {
  number: number;
  open: boolean;
  memory: RollbackMemory;
}

/** What is to be done about one issue. `memory` is what it will remember afterwards. */
export type RollbackNotice =
  | { action: "create"; event: RollbackEvent; memory: RollbackMemory }
  | { action: "update" | "reopen"; issue: number; event: RollbackEvent; memory: RollbackMemory }
  | { action: "close"; issue: number; memory: RollbackMemory; why: "sound" | "replaced" };

/**
 * One issue per model and version. It is kept up to date while what it tells is so, and closed when somebody promoted another
 * version, or when the one that stayed keeps its limits again. One that a person closed is understood and stays closed.
 */
export function decideRollbackNotices(
  situation: RollbackSituation,
  issues: readonly KnownRollbackIssue[],
): RollbackNotice[] {
  const told = situation.events.flatMap((event) => noticeOf(event, situation.model, issues) ?? []);
  const wanted = new Set(situation.events.map(({ version }) => version));
  const over = theIssues(issues)
    .filter(({ open, memory }) => open && memory.closed === null && !wanted.has(memory.version))
    .flatMap((issue) => closing(issue, situation) ?? []);
  return [...told, ...over];
}

/** Open issues beside the one that stays: parallel runs made them. */
export function rollbackCopies<Issue extends KnownRollbackIssue>(issues: readonly Issue[]): Issue[] {
  const kept = new Set(theIssues(issues).map(({ number }) => number));
  return issues.filter(({ open, number }) => open && !kept.has(number));
}

/** Of each version the oldest open one, else the one that was opened last. */
function theIssues<Issue extends KnownRollbackIssue>(issues: readonly Issue[]): Issue[] {
  const own = issues.filter(({ memory }) => memory.closed !== "copy").toSorted((a, b) => a.number - b.number);
  return [...Map.groupBy(own, ({ memory }) => memory.version).values()].map(
    (all) => all.find(({ open }) => open) ?? all.at(-1)!,
  );
}

function noticeOf(event: RollbackEvent, model: string, issues: readonly KnownRollbackIssue[]): RollbackNotice | null {
  const { version } = event;
  const memory: RollbackMemory = { model, version, event: event.event, closed: null };
  const issue = theIssues(issues).find((each) => each.memory.version === version);
  if (!issue) return { action: "create", event, memory };
  const { number, open } = issue;
  if (open) return { action: "update", issue: number, event, memory };
  const isNews = issue.memory.event !== event.event || issue.memory.closed === "over";
  return isNews ? { action: "reopen", issue: number, event, memory } : null;
}

function closing({ number, memory }: KnownRollbackIssue, situation: RollbackSituation): RollbackNotice | null {
  const closed: RollbackMemory = { ...memory, closed: "over" };
  const isHere = memory.version === situation.production;
  if (memory.event === "rolled back" || !isHere)
    return { action: "close", issue: number, memory: closed, why: "replaced" };
  return situation.sound ? { action: "close", issue: number, memory: closed, why: "sound" } : null;
}
