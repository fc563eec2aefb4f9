import type { Deployments } from "../../registry/standing.ts";
import type { RollbackJudgement } from "../promotion/decide-rollback.ts";
import { readHidden, writeHidden } from "./hidden-line.ts";

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

/** Something about a model's rollback that people must know while it is so. */
export type RollbackEvent =
  | { event: "rolled back"; version: number; to: number; commit: string; time: string; reason: string }
  | { event: "held"; version: number; judgement: RollbackJudgement };

/** How a model stands: what people must know now, and what became of the version in production. */
export interface RollbackSituation {
  model: string;
  production: number | null;
  /** Who put it there. */
  by: string | null;
  events: readonly RollbackEvent[];
  /** Live data says that the version in production keeps all its limits. */
  sound: boolean;
  /** End of the window that was judged, or else the last move of production; ISO UTC. */
  at: string;
}

/**
 * Reads it from the moves of production and from what live data says now. A rollback is told from the registry, so that a
 * run that died after its commit is made up for by the next one.
 */
export function rollbackSituation(
  model: string,
  { moves }: Pick<Deployments, "moves">,
  judgement: RollbackJudgement | null,
): RollbackSituation {
  const last = moves.at(-1);
  const events: RollbackEvent[] = [];
  if (last && last.automatic !== null && last.from !== null && last.to !== null) {
    const { from: version, to, commit, time, automatic: reason } = last;
    events.push({ event: "rolled back", version, to, commit, time, reason });
  }
  if (judgement?.decision.action === "held")
    events.push({ event: "held", version: judgement.decision.version, judgement });
  const sound = judgement?.decision.action === "nothing" && judgement.decision.sound;
  const at = judgement?.evidence.window.to ?? last?.time ?? "";
  return { model, production: last?.to ?? null, by: last?.by ?? null, events, sound, at };
}

/** What an issue about a rollback remembers from run to run, in a hidden line at the top of its body. */
export interface RollbackMemory {
  model: string;
  /** The version that broke its limits. */
  version: number;
  /** Whether it was taken back, or stays for a person to decide. */
  event: "rolled back" | "held";
  /** Why mergeml closed it; null while it is open, and when a person closed it. */
  closed: "over" | "copy" | null;
}

/** The hidden line. Nothing in it is free text. */
export function writeRollbackMemory({ model, version, event, closed }: RollbackMemory): string {
  return writeHidden("rollback", { model, version, event, closed });
}

/** What the first line of an issue's body says; null when it is not ours or was damaged. */
export function readRollbackMemory(body: string): RollbackMemory | null {
  const { model, version, event, closed } = readHidden("rollback", body);
  const isSound =
    typeof model === "string" &&
    Number.isSafeInteger(version) &&
    (event === "rolled back" || event === "held") &&
    (closed === null || closed === "over" || closed === "copy");
  return isSound ? ({ model, version, event, closed } as RollbackMemory) : null;
}
