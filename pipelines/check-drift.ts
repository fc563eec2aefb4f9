import { EnvironmentError, type Problem, UserError } from "./errors/expected-error.ts";
import type { Snapshot } from "./registry/snapshot.ts";
import type { VersionRecord } from "./registry/version-record.ts";
import { checkDriftWindow, type DriftWindowCheck, type DriftWindowJob } from "./watch/check-drift-window.ts";
import { onlyBroken } from "./watch/drift/cost.ts";
import { judgeLateLabels } from "./watch/drift/late-labels.ts";
import {
  type DriftEntry,
  type DriftPoint,
  driftingInARow,
  driftPoint,
  type FailedDrift,
  type ModelDrift,
  type RetrainTrial,
  type Span,
  type UnreadWindow,
} from "./watch/drift/model-drift.ts";
import { parsePersistence, persistentOutcome } from "./watch/drift/persistence.ts";
import { type FedWindow, type Silence, silenceOf } from "./watch/drift/silence.ts";
import { rememberCheck } from "./watch/last-check.ts";
import { driftState } from "./watch/notice/decide-notice.ts";
import type { Profile } from "./watch/profile/profile.ts";
import { profileFile } from "./watch/profile/profile-file.ts";
import { readProfile } from "./watch/profile/version-profile.ts";
import { judgePromotion } from "./watch/promotion/collect-evidence.ts";
import { retrainAdvice } from "./watch/retrain/retrain-advice.ts";
import type { WrittenWindow } from "./watch/retrain/retrain-window.ts";
import { UnwatchedModel } from "./watch/window/drift-window.ts";
import { durationOf, earlierInterval, type Interval, intervalBefore, spanOf } from "./watch/window/interval.ts";
import { knownData } from "./watch/window/known-data.ts";
import { type WatchedModel, watchedModel, watchedNames, windowInputs } from "./watch/window-inputs.ts";
import type { Workspace } from "./workspace/workspace.ts";

export interface DriftOptions {
  now: Date;
  /** Instead of `drift.window`, such as `7d`. */
  window?: string;
  /** Makes the retrain that would answer a lasting drift, where that is cheap; left out, nobody tries. */
  tryRetrain?: (
    workspace: Workspace,
    snapshot: Snapshot,
    watched: WatchedModel,
    window: WrittenWindow,
  ) => Promise<RetrainTrial | null>;
}

/** Windows that a history shows, and that are looked at unless `drift.persist` needs more. */
const shownWindows = 8;

/**
 * Compares the last windows before now with what the model in production was trained on. Nothing is remembered from check to
 * check: the windows are read again, or taken from the cache while their inputs are the same. Throws UserError when the model
 * is not in production, or has no rows to compare, and EnvironmentError for what the machine refuses.
 */
export async function checkModelDrift(
  workspace: Workspace,
  snapshot: Snapshot,
  model: string,
  { now, window, tryRetrain }: DriftOptions,
): Promise<ModelDrift> {
  const watched = await watchedModel(workspace, snapshot, model);
  const { record, today } = watched;
  const { version } = record;
  const profile = await readProfile(workspace, snapshot, model, version);
  const known = knownData(record.candidate, profile.times);
  const inputs = await windowInputs(workspace, watched, now);
  const job = { workspace, snapshot, watched, profile, known, inputs, now };
  const every = window ?? today.drift.window;
  const persistence = parsePersistence(today.drift.persist);
  const shown = Math.max(shownWindows, soaking(workspace, watched));
  const intervals = lastWindows(known, intervalBefore(now, every), Math.max(shown, persistence.of));
  const { newest, points, unread, fed } = await checkWindows(job, intervals);
  const history = points.filter(({ rows }) => rows > 0);
  const outcomes = history.map(({ outcome }) => outcome);
  const { from, to } = points[0]!;
  const silence = await silenceIn(job, intervals[0]!, fed);
  const outcome = silence ? "silent" : points[0]!.outcome;
  const drift: ModelDrift = {
    ...{ model, version, owner: today.owner, every, persist: today.drift.persist },
    window: { from, to },
    ...newest,
    outcome,
    silence,
    persistent: persistentOutcome(outcomes, persistence),
    history: history.slice(0, shown),
    unread,
    since: driftingInARow(history).at(-1)?.from ?? null,
    retrain:
      outcome === "drift" && workspace.environment === "production"
        ? await retrainAdvice(workspace.registry, snapshot, { ...watched, version, to })
        : null,
    reference: referenceOf(record, profile, known),
    rollback: await judgePromotion(job, intervalBefore(now, every)),
  };
  const { retrain } = drift;
  if (tryRetrain && retrain?.kind === "move" && driftState(drift).persistent === "drift" && !onlyBroken(drift.result))
    drift.retrain = { ...retrain, trial: await tryRetrain(workspace, snapshot, watched, retrain.window) };
  await rememberCheck(workspace, record, drift);
  return drift;
}

/** The windows that a version must be clean in before it goes on from here. */
function soaking({ environment }: Workspace, { model }: WatchedModel): number {
  return environment === "production" ? 0 : (model?.config.promote?.when.clean_windows ?? 0);
}

/** What the newest of the windows says, and all of them in a few numbers. An earlier one that cannot be read is left out. */
async function checkWindows(
  job: DriftWindowJob,
  [newest, ...earlier]: readonly Interval[],
): Promise<{
  newest: DriftWindowCheck & Pick<ModelDrift, "awaited">;
  points: DriftPoint[];
  unread: UnreadWindow[];
  fed: FedWindow[];
}> {
  const { log } = job.workspace;
  return log.step(`drift of ${job.watched.record.model}`, async (step) => {
    const checks: (DriftWindowCheck | string)[] = [await checkDriftWindow(job, newest!)];
    for (const [at, interval] of earlier.entries()) {
      step.update((at + 1) / (earlier.length + 1), `from ${interval.from.toISOString().slice(0, 10)}`);
      checks.push(await checkDriftWindow(job, interval).catch(reasonOf));
    }
    const spans = [newest!, ...earlier].map(spanOf);
    return {
      ...judgedWindows(checks, spans, job),
      fed: spans.map((span, at) => ({ ...span, rows: fedRows(checks[at]!) })),
    };
  });
}

/** The windows with the performance of those whose labels have arrived. The newest is not one that cannot be read. */
function judgedWindows(
  checks: readonly (DriftWindowCheck | string)[],
  spans: readonly Span[],
  { watched }: DriftWindowJob,
): { newest: DriftWindowCheck & Pick<ModelDrift, "awaited">; points: DriftPoint[]; unread: UnreadWindow[] } {
  const read = checks.map((check) => (typeof check === "string" ? null : check));
  const { checks: judged, awaited } = judgeLateLabels(read, spans, watched.today.drift.label_share);
  return {
    newest: { ...judged[0]!, awaited },
    points: judged.flatMap((check, at) => (check ? [driftPoint(spans[at]!, check.result)] : [])),
    unread: checks.flatMap((check, at) => (typeof check === "string" ? [{ ...spans[at]!, reason: check }] : [])),
  };
}

/** Rows that came, of whichever version and whether they could be used or not; what cannot be read has come too. */
function fedRows(check: DriftWindowCheck | string): number {
  if (typeof check === "string") return 1;
  return (
    check.result.rows.current + check.rejected + (check.log?.otherVersions ?? 0) + (check.log?.skipped.length ?? 0)
  );
}

const day = durationOf("1d");

/** Of windows shorter than a day also the same hours of the day and the week before must have had rows: nights are quiet. */
async function silenceIn(job: DriftWindowJob, newest: Interval, fed: readonly FedWindow[]): Promise<Silence | null> {
  const silence = silenceOf(fed);
  if (silence === null || newest.to.getTime() - newest.from.getTime() >= day) return silence;
  for (const ago of [day, 7 * day]) {
    const before = { from: new Date(newest.from.getTime() - ago), to: new Date(newest.to.getTime() - ago) };
    if (job.known && before.from < job.known.to) continue;
    if (fedRows(await checkDriftWindow(job, before).catch(reasonOf)) === 0) return null;
  }
  return silence;
}

/** Why a window's rows cannot be used. The machine's trouble is nobody's window. */
function reasonOf(error: unknown): string {
  if (error instanceof UserError)
    return error.problems.map(({ message, hint }) => (hint ? `${message}: ${hint}` : message)).join("; ");
  throw error;
}

/**
 * Checks the models in production, or those named, one after the other. What fails is an entry of its own, so that it does not
 * hide the others. Throws UserError when a named one is not in production.
 */
export async function checkDrift(
  workspace: Workspace,
  only: readonly string[],
  options: DriftOptions,
): Promise<DriftEntry[]> {
  const snapshot = await workspace.registry.snapshot({ fetch: true });
  const names = await watchedNames(workspace, snapshot, only);
  const deployed = [...(await snapshot.productions())].map(([model, { version }]) => ({ model, version }));
  await snapshot.bringFiles(
    deployed.filter(({ model }) => names.includes(model)),
    profileFile,
  );
  const entries: DriftEntry[] = [];
  for (const model of names) {
    entries.push(
      await checkModelDrift(workspace, snapshot, model, options).catch((error: unknown) => failedDrift(model, error)),
    );
  }
  return entries;
}

/** Newest first. Earlier windows that reach into the data the version has would say nothing, and are left out. */
function lastWindows(known: Interval | null, newest: Interval, count: number): Interval[] {
  const all = Array.from({ length: count }, (_, at) => earlierInterval(newest, at));
  return all.filter(({ from }, at) => at === 0 || known === null || from >= known.to);
}

function referenceOf({ candidate }: VersionRecord, profile: Profile, known: Interval | null): ModelDrift["reference"] {
  const { config, train, test } = candidate;
  return {
    window: config.features.window,
    rows: train.rows,
    times: profile.times?.train ?? null,
    tested: test.rows,
    known: known && spanOf(known),
    metric: profile.performance,
  };
}

/** An exception as an entry of the run. */
function failedDrift(model: string, error: unknown): FailedDrift {
  return { model, outcome: "error", error: toldError(error) };
}

function toldError(error: unknown): FailedDrift["error"] {
  if (error instanceof UserError) {
    const hints = error.problems.flatMap(({ hint }) => hint ?? []);
    return {
      kind: error instanceof UnwatchedModel ? "unwatched" : "user",
      message: error.problems.map(located).join("\n"),
      hint: hints.length > 0 ? hints.join("\n") : null,
    };
  }
  if (error instanceof EnvironmentError) {
    const { message, tried, safe } = error;
    return { kind: "environment", message, hint: `tried: ${tried}\nsafe: ${safe}` };
  }
  const stack = error instanceof Error ? (error.stack ?? null) : null;
  return { kind: "bug", message: String(error), hint: stack };
}

function located({ message, where }: Problem): string {
  return where ? `${where.file}:${where.line}:${where.column}  ${message}` : message;
}
