import { costsNothing, onlyBroken } from "../drift/cost.ts";
import type { ModelDrift, RetrainTrial } from "../drift/model-drift.ts";
import { durationOf } from "../window/interval.ts";
import { readHidden, writeHidden } from "./hidden-line.ts";
import { driftSeverity } from "./severity.ts";

/** What is known of a model's drift now. */
export interface DriftState {
  model: string;
  /** null: nothing is in production any more. */
  version: number | null;
  /** Over the last windows together, see `persistentOutcome`; `silent` when there are no rows any more, `harmless` when labels show that it costs nothing. */
  persistent: "drift" | "clean" | "undecided" | "silent" | "harmless";
  /** Since when there are no rows, ISO UTC; null while there are. */
  silentSince: string | null;
  /** Whether the newest window has rows. */
  fed: boolean;
  /** Of the newest window, see `driftSeverity`. */
  severity: number;
  /** All that drifts is gone or of another type, which somebody must mend and no retrain makes good. */
  broken?: boolean;
  /** What a trial of the retrain gave; null or absent where none was made. */
  trial?: RetrainTrial | null;
  /** End of the newest window, ISO UTC. */
  to: string;
  /** Milliseconds after a clean end before the same drift is news again: one window. */
  cooldownMs: number;
}

/** One of our issues of this model, as GitHub has it. */
export interface KnownIssue {
  number: number;
  open: boolean;
  memory: NoticeMemory;
}

/** What is to be done about a model's issue. `memory` is what it will remember afterwards. */
export type NoticeDecision =
  | { action: "nothing"; reason: string }
  | { action: "create"; memory: NoticeMemory }
  | { action: "update"; issue: number; memory: NoticeMemory }
  | { action: "close"; issue: number; memory: NoticeMemory; why: "clean" | "undeployed" | "returned" | "harmless" }
  | {
      action: "reopen";
      issue: number;
      memory: NoticeMemory;
      why: "again" | "grown" | "another version" | "silent";
      before: number;
    };

/** An acknowledged drift is news again when it is so many times as severe. */
const growth = 1.5;

/**
 * The one issue of a model from what was there and what is known now. While a drift lasts its issue is brought up to date;
 * when the last windows are clean it is closed; in between, and for a window older than the one it tells of, it stays as it
 * is. One that a person closed is acknowledged: it reopens when the drift has grown by half, or for another version. One
 * that ended clean reopens after a window of rest, or at once when the drift is by half more severe than it was.
 */
export function decideNotice(state: DriftState, issues: readonly KnownIssue[]): NoticeDecision {
  const { version, persistent, severity, to } = state;
  const issue = theIssue(issues);
  if (issue && Date.parse(to) < Date.parse(issue.memory.to))
    return nothing(`issue #${issue.number} knows a newer window`);
  if (version === null) return closeIfOpen(issue, "undeployed", to);
  if (persistent === "harmless") return closeIfOpen(issue, "harmless", to);
  if (persistent === "clean") return closeIfOpen(issue, "clean", to);
  if (persistent === "undecided" && state.fed && issue?.open && issue.memory.silent && issue.memory.closed === null)
    return closeIfOpen(issue, "returned", to);
  if (persistent === "undecided")
    return nothing(issue?.open ? `undecided: issue #${issue.number} stays open` : "undecided");
  // An issue about drift stays one when the feed stops, so that its return alone does not close it.
  const silent = persistent === "silent" && (!issue?.open || issue.memory.silent === true);
  const memory: NoticeMemory = { model: state.model, version, severity, to, closed: null, ...(silent && { silent }) };
  if (!issue) return { action: "create", memory };
  if (issue.open) return { action: "update", issue: issue.number, memory };
  return decideReopening(state, issue, memory);
}

/** The oldest open one, else the one that was closed last. */
function theIssue<Issue extends KnownIssue>(issues: readonly Issue[]): Issue | undefined {
  const own = issues.filter(({ memory }) => memory.closed !== "copy").sort((a, b) => a.number - b.number);
  return own.find(({ open }) => open) ?? own.at(-1);
}

/** Open issues of a model beside the one that stays: parallel runs made them. */
export function copiesOf<Issue extends KnownIssue>(issues: readonly Issue[]): Issue[] {
  const kept = theIssue(issues);
  return issues.filter(({ open, number }) => open && number !== kept?.number);
}

function decideReopening(
  state: DriftState,
  { number, memory: last }: KnownIssue,
  memory: NoticeMemory,
): NoticeDecision {
  const reopen = (why: Extract<NoticeDecision, { action: "reopen" }>["why"]): NoticeDecision => ({
    ...{ action: "reopen", issue: number, memory, why, before: last.severity },
  });
  if (last.version !== memory.version) return reopen("another version");
  if (state.persistent === "silent") {
    const before = Date.parse(state.silentSince ?? state.to) <= Date.parse(last.to);
    return before && last.silent && last.closed === null
      ? nothing(`issue #${number} was closed by a person: there are no rows since`)
      : reopen("silent");
  }
  if (state.severity >= growth * last.severity) return reopen("grown");
  if (last.closed === null)
    return nothing(`issue #${number} was closed by a person: drift has not grown by half since`);
  const rested = Date.parse(state.to) - Date.parse(last.to) >= state.cooldownMs;
  return rested ? reopen("again") : nothing(`issue #${number} was closed less than one window ago`);
}

function closeIfOpen(
  issue: KnownIssue | undefined,
  why: "clean" | "undeployed" | "returned" | "harmless",
  to: string,
): NoticeDecision {
  if (!issue?.open)
    return nothing(why === "undeployed" ? "not in production" : why === "harmless" ? "it costs nothing" : "clean");
  if (issue.memory.closed !== null) return nothing(`a person opened issue #${issue.number} again`);
  return { action: "close", issue: issue.number, memory: { ...issue.memory, to, closed: why }, why };
}

function nothing(reason: string): NoticeDecision {
  return { action: "nothing", reason };
}

/**
 * What a check says to an issue. A drift whose newest window has too few rows is told no further: there is nothing new to
 * tell, and no severity to compare with later.
 */
export function driftState(drift: ModelDrift): DriftState {
  const { model, version, persistent, outcome, result, window, every } = drift;
  const lasting = persistent === "drift" && outcome !== "drift" ? "undecided" : persistent;
  const told = lasting === "drift" && costsNothing(drift) ? "harmless" : lasting;
  return {
    ...{ model, version, persistent: outcome === "silent" ? "silent" : told, fed: result.rows.current > 0 },
    ...{ silentSince: outcome === "silent" ? (drift.silence?.since ?? null) : null },
    ...{
      severity: driftSeverity(result),
      broken: onlyBroken(result),
      trial: trialOf(drift),
      to: window.to,
      cooldownMs: durationOf(every),
    },
  };
}

function trialOf({ retrain }: ModelDrift): RetrainTrial | null {
  return retrain?.kind === "move" ? (retrain.trial ?? null) : null;
}

/** A model of which no version is in production any more. */
export function undeployedState(model: string, now: Date): DriftState {
  return {
    model,
    version: null,
    persistent: "undecided",
    severity: 0,
    to: now.toISOString(),
    cooldownMs: 0,
    ...{ silentSince: null, fed: false },
  };
}

/** What a person reads of a drift: Markdown without any hidden line. */
export interface NoticeText {
  title: string;
  body: string;
  /** Posted with a close or a reopening; a change of the body alone tells nobody. Empty otherwise. */
  comment: string;
  /** `@user` or `@org/team`. */
  owner: string | null;
}

interface NoticeParts {
  /** The drift report. */
  report: { title: string; body: string } | null;
  owner: string | null;
}

/** The issue's text around a drift report, which may be null when there is nothing to report any more. */
export function noticeText(decision: NoticeDecision, state: DriftState, { report, owner }: NoticeParts): NoticeText {
  const mention =
    owner === null ? [] : [`<sub>Owner: ${owner}. This text is kept up to date while the drift lasts.</sub>`];
  const body = [report?.body.trim() ?? "", ...mention].join("\n\n");
  return { title: report?.title ?? `${state.model} drifts`, body, comment: commentOf(decision, state, owner), owner };
}

function commentOf(decision: NoticeDecision, state: DriftState, owner: string | null): string {
  const { model, version } = state;
  const day = state.to.slice(0, 10);
  if (decision.action === "close") {
    if (decision.why === "returned")
      return `**Rows come again** for ${model} v${version}, up to ${day}. Should they stop once more, this issue opens again.`;
    if (decision.why === "harmless")
      return `**It costs nothing.** What moved in the data of ${model} v${version}, up to ${day}, does not make it worse by its labels. Should that change, this issue opens again.`;
    return decision.why === "clean"
      ? `**No drift any more.** The last windows of ${model} v${version}, up to ${day}, are clean. Should it drift anew, this issue opens again.`
      : `**Nothing to watch any more.** No version of ${model} is in production.`;
  }
  if (decision.action !== "reopen") return "";
  const asked = owner === null ? "" : ` ${owner}, please have a look.`;
  const [before, now] = [decision.before, decision.memory.severity].map((each) => each.toPrecision(2));
  const why = {
    again: `**${model} drifts again**, up to ${day}.`,
    grown: `**The drift has grown by half** since this issue was closed: ${before} → ${now} times its limit, up to ${day}.`,
    silent: `**${model} gets no rows any more**, up to ${day}.`,
    "another version": `**${model} v${version} drifts too**, up to ${day}; this issue was closed for an earlier version.`,
  }[decision.why];
  return `${why}${asked}`;
}

/** What an issue remembers from run to run, in a hidden line at the top of its body. */
export interface NoticeMemory {
  model: string;
  /** The version in production that drifts. */
  version: number;
  /** Of the last window that was told, see `driftSeverity`. */
  severity: number;
  /** End of the last window that was told, ISO UTC. */
  to: string;
  /** Why mergeml closed it; null while it is open, and when a person closed it. */
  closed: "clean" | "undeployed" | "returned" | "harmless" | "copy" | null;
  /** The issue is about rows that no longer come, and about nothing else. */
  silent?: true;
}

const reasons: readonly unknown[] = ["clean", "undeployed", "returned", "harmless", "copy", null];

/** The hidden line. A model's name has no characters that could end it. */
export function writeMemory({ model, version, severity, to, closed, silent }: NoticeMemory): string {
  return writeHidden("drift", { model, version, severity, to, closed, ...(silent && { silent }) });
}

/** What the first line of an issue's body says; null when it is not ours or was damaged. */
export function readMemory(body: string): NoticeMemory | null {
  const { model, version, severity, to, closed, silent } = readHidden("drift", body);
  const isSound =
    typeof model === "string" &&
    Number.isSafeInteger(version) &&
    Number.isFinite(severity) &&
    typeof to === "string" &&
    !Number.isNaN(Date.parse(to)) &&
    reasons.includes(closed);
  return isSound
    ? ({ model, version, severity, to, closed, ...(silent === true && { silent }) } as NoticeMemory)
    : null;
}
