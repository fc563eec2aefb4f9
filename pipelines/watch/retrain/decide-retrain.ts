import type { LoadedModel } from "../../config/load-models.ts";
import type { ModelConfig, Window } from "../../config/model-config.ts";
import { parseUtc } from "../../config/utc-time.ts";
import type { Registry } from "../../registry/registry.ts";
import type { Snapshot } from "../../registry/snapshot.ts";
import { definitionOf } from "../../workspace/workspace.ts";
import type { DriftState } from "../notice/decide-notice.ts";
import type { RetrainMemory } from "./retrain-memory.ts";
import { addMonths, dayMs, moveWindow } from "./retrain-window.ts";
import { trialWords } from "./trial-words.ts";

/** Whether a model should be trained on a later window, and why. */
export type RetrainWish =
  | { kind: "retrain"; reason: "drift" | "schedule"; version: number; severity: number; window: Window }
  /** For certain: an open pull request has become obsolete. */
  | { kind: "none"; why: string }
  /** What is open stays as it is. */
  | { kind: "undecided"; why: string };

/** All that a decision on a retrain pull request depends on. */
export interface RetrainFacts {
  model: string;
  wish: RetrainWish;
  /** `features.window` on the default branch. */
  main: Window | null;
  /** Windows of versions that were rolled back: nothing is proposed that is not well beyond them. */
  rolledBack: readonly { version: number; window: Window }[];
  /** A version that is made of the wished window already; null when there is none. */
  registered: { version: number; rolledBack: boolean } | null;
  /** `drift.window` in milliseconds: smaller steps are not worth another training. */
  stepMs: number;
  /** The branch as it is on the remote; null when there is none. */
  branch: RetrainBranchState | null;
  /** Our newest pull request from it; null when there was none. */
  pull: { number: number; state: "open" | "closed" | "merged"; memory: RetrainMemory } | null;
}

export interface RetrainBranchState {
  /** null when it cannot be read. */
  window: Window | null;
  /** Somebody else committed to it. */
  edited: boolean;
  /** The model's folder changed on the default branch since. */
  stale: boolean;
}

/** What is to be done. `push` writes the branch anew. */
export type RetrainDecision =
  | { action: "nothing"; reason: string }
  | { action: "propose"; push: boolean; pull: number | null; memory: RetrainMemory }
  | { action: "close"; pull: number; memory: RetrainMemory; reason: string };

/** A declined retrain is news again when the drift is so many times as severe. */
const growth = 1.5;

/**
 * One retrain pull request per model: opened when it is wished for, moved on by whole steps, closed when obsolete. A branch
 * that people commit to is theirs. One that a person closed was declined: it comes back when the drift has grown by half,
 * for another version, or by schedule a step later. What was rolled back is not proposed again.
 */
export function decideRetrain(facts: RetrainFacts): RetrainDecision {
  const { wish, branch, pull } = facts;
  const open = pull?.state === "open" ? pull : null;
  if (branch?.edited && pull?.state !== "merged")
    return nothing(`people have committed to the branch: it is left to them${open ? ` (#${open.number})` : ""}`);
  if (wish.kind === "undecided") return nothing(wish.why);
  const obstacle = wish.kind === "none" ? wish.why : obstacleTo(facts, wish);
  if (obstacle !== null) return open ? closing(open, obstacle) : nothing(obstacle);
  if (wish.kind === "none") return nothing(wish.why);
  if (pull?.state === "closed") {
    const declined = declinedStill(facts, wish, pull);
    if (declined !== null) return nothing(declined);
  }
  return propose(facts, wish, open);
}

type Wanted = Extract<RetrainWish, { kind: "retrain" }>;

/** Why the wished window must not or need not be proposed; null when it may. */
export function obstacleTo(
  { main, rolledBack, registered, stepMs }: Pick<RetrainFacts, "main" | "rolledBack" | "registered" | "stepMs">,
  wish: Wanted,
): string | null {
  const least = wish.reason === "drift" ? stepMs : 1;
  if (main === null) return "its config has no window that could be moved";
  if (distance(main, wish.window) < least) return `its window reaches to ${main.end} already`;
  const held = rolledBack.find(({ window }) => distance(window, wish.window) < stepMs);
  if (held) return `v${held.version}, trained up to ${held.window.end}, was rolled back`;
  if (registered === null) return null;
  return `v${registered.version} is this already${registered.rolledBack ? " and was rolled back" : ""}`;
}

function declinedStill(
  { stepMs }: RetrainFacts,
  wish: Wanted,
  { number, memory }: { number: number; memory: RetrainMemory },
) {
  if (memory.obsolete || memory.version !== wish.version) return null;
  if (wish.reason === "schedule") {
    const step = distance(memory.window, wish.window);
    return step >= stepMs ? null : `#${number} was declined less than a step ago`;
  }
  if (memory.reason === "schedule" || wish.severity >= growth * memory.severity) return null;
  return `#${number} was declined: drift has not grown by half since`;
}

function propose({ model, branch, stepMs }: RetrainFacts, wish: Wanted, open: RetrainFacts["pull"]): RetrainDecision {
  const written = branch?.window ?? null;
  const isRecent = written !== null && !branch?.stale && Math.abs(distance(written, wish.window)) < stepMs;
  const { reason, version, severity } = wish;
  const window = isRecent ? written : wish.window;
  const checked = isRecent ? (open?.memory.checked ?? null) : null;
  const memory: RetrainMemory = { model, reason, version, severity, window, checked, obsolete: false };
  return { action: "propose", push: !isRecent, pull: open?.number ?? null, memory };
}

function closing({ number, memory }: { number: number; memory: RetrainMemory }, reason: string): RetrainDecision {
  return { action: "close", pull: number, memory: { ...memory, obsolete: true }, reason };
}

function nothing(reason: string): RetrainDecision {
  return { action: "nothing", reason };
}

/** Milliseconds from the end of one window to that of another. */
function distance(from: Window, to: Window): number {
  return (parseUtc(to.end) ?? 0) - (parseUtc(from.end) ?? 0);
}

/** What is known of a model's drift; null when its check failed. */
export type KnownDrift = Pick<DriftState, "version" | "persistent" | "severity" | "to" | "broken" | "trial"> | null;

/**
 * Whether the config asks for a retrain now: because of a persistent drift, up to the end of the window it showed in, or by
 * `retrain.schedule`. A check that failed says nothing of drift, but the calendar goes on.
 */
export function retrainWish(
  { drift, retrain, features }: Pick<ModelConfig, "drift" | "retrain" | "features">,
  { known, production, now }: { known: KnownDrift; production: number | null; now: Date },
): RetrainWish {
  const { window } = features;
  if (production === null) return { kind: "none", why: "nothing is in production" };
  if (window === null) return { kind: "none", why: "its config has no window that could be moved" };
  const answersDrift = drift.on_drift === "pull-request";
  if (answersDrift && known?.persistent === "drift" && known.version === production) {
    if (known.broken)
      return { kind: "none", why: "what drifts is gone or of another type, which no retrain makes good" };
    const moved = moveWindow(window, retrain.window, new Date(known.to));
    if (moved === null) return { kind: "none", why: `its window reaches to ${window.end} already` };
    if (known.trial?.better !== false)
      return { kind: "retrain", reason: "drift", version: production, severity: known.severity, window: moved };
  }
  const due = retrainDue(retrain.schedule, new Date(parseUtc(window.end) ?? 0), now);
  const moved = due && moveWindow(window, retrain.window, due);
  if (moved) return { kind: "retrain", reason: "schedule", version: production, severity: 0, window: moved };
  if (answersDrift && known?.persistent === "drift" && known.trial)
    return { kind: "none", why: `a trial of it was no better: ${trialWords(known.trial)}` };
  return withoutCause(answersDrift, known);
}

function withoutCause(answersDrift: boolean, known: KnownDrift): RetrainWish {
  if (!answersDrift) return { kind: "none", why: "drift.on_drift is issue, and no retrain is due" };
  if (known === null) return { kind: "undecided", why: "the drift check failed" };
  if (known.persistent === "harmless") return { kind: "none", why: "the drift costs nothing by its labels" };
  if (known.persistent === "clean") return { kind: "none", why: "there is no drift any more" };
  return { kind: "undecided", why: "it is undecided whether it drifts" };
}

/**
 * Where a data window that ended at `windowEnd` should end by now, going by the cadence: the last whole week or calendar month
 * (UTC) after its end that is over. null while none is, and for `never`.
 */
export function retrainDue(schedule: "never" | "weekly" | "monthly", windowEnd: Date, now: Date): Date | null {
  const [end, present] = [windowEnd.getTime(), now.getTime()];
  if (schedule === "never" || present < end) return null;
  const steps = schedule === "weekly" ? Math.floor((present - end) / (7 * dayMs)) : monthsOver(end, present);
  if (steps === 0) return null;
  return new Date(schedule === "weekly" ? end + steps * 7 * dayMs : addMonths(end, steps));
}

/** Counted from the end itself, so that a window that ends on the 31st stays at the ends of months. */
function monthsOver(end: number, present: number): number {
  const [from, to] = [new Date(end), new Date(present)];
  const months = (to.getUTCFullYear() - from.getUTCFullYear()) * 12 + to.getUTCMonth() - from.getUTCMonth();
  return addMonths(end, months) <= present ? months : months - 1;
}

/** What the registry knows that stands in the way of a retrain on the wished window. */
export async function earlierVersions(
  registry: Registry,
  snapshot: Snapshot,
  model: LoadedModel,
  wished: Window | null,
): Promise<Pick<RetrainFacts, "rolledBack" | "registered">> {
  const { name, features } = model.config;
  const definition =
    wished && definitionOf({ ...model, config: { ...model.config, features: { ...features, window: wished } } });
  const match = definition && (await registry.findByDefinition(name, definition, snapshot));
  const { rolledBack } = await registry.deployments(name, snapshot);
  const records = await snapshot.records(name, [...rolledBack]);
  return {
    rolledBack: records.flatMap(({ version, candidate: { config } }) => {
      const { window } = config.features;
      return window ? [{ version, window }] : [];
    }),
    registered: match ? { version: match.version, rolledBack: rolledBack.has(match.version) } : null,
  };
}
