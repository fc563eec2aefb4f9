import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { RollbackConfig } from "../../config/model-config.ts";
import { EnvironmentError, UserError } from "../../errors/expected-error.ts";
import type { Snapshot } from "../../registry/snapshot.ts";
import { type Standing, standingOf } from "../../registry/standing.ts";
import { formatPercent } from "../../statistics/format-number.ts";
import type { Workspace } from "../../workspace/workspace.ts";
import { arrivedShare } from "../drift/late-labels.ts";
import type { Profile } from "../profile/profile.ts";
import type { DriftWindow, WindowJob } from "../window/drift-window.ts";
import type { Interval } from "../window/interval.ts";
import { readWindow } from "../window/read-window.ts";
import type { WatchedModel, WindowInputs } from "../window-inputs.ts";
import {
  type Condition,
  decideRollback,
  type Evidence,
  type LiveFinding,
  type RollbackJudgement,
} from "./decide-rollback.ts";
import { compareVersions, countFailures, countOutside } from "./live-evidence.ts";
import { type ScoredLabels, scoreLabelled } from "./score-labelled.ts";

/** What is needed to judge the promotion of the version in production on live data. */
interface EvidenceJob {
  workspace: Workspace;
  snapshot: Snapshot;
  watched: WatchedModel;
  profile: Profile;
  inputs: WindowInputs;
  standing: Standing;
  rollback: RollbackConfig;
  now: Date;
  /** The newest whole window before now, however much of it was before the promotion. */
  newest: Interval;
}

/**
 * What the newest window says of the version in production, by the conditions of the config. Only what happened since its
 * promotion counts: rows of before say nothing of it, and both versions that are compared were trained before them.
 */
async function collectEvidence(job: EvidenceJob): Promise<Evidence> {
  const { watched, standing, rollback, newest } = job;
  const since = new Date(standing.since);
  const interval = { from: since > newest.from ? since : newest.from, to: newest.to };
  const { model, version } = watched.record;
  const window = { from: interval.from.toISOString(), to: interval.to.toISOString() };
  const about = { model, version, promotion: standing.promotion, window, least: rollback.min_rows };
  const asked = askedOf(rollback);
  if (interval.from >= interval.to)
    return { ...about, findings: asked.map((condition) => ({ condition, state: "too few rows", rows: 0 })) };
  return { ...about, findings: await cachedFindings(job, interval, asked) };
}

function askedOf({ when }: RollbackConfig): Condition[] {
  return [
    ...(when.error_rate === null ? [] : ["error_rate" as const]),
    ...(when.outside_reference === null ? [] : ["outside_reference" as const]),
    ...(when.worse_than_previous ? ["worse_than_previous" as const] : []),
  ];
}

async function cachedFindings(
  job: EvidenceJob,
  interval: Interval,
  asked: readonly Condition[],
): Promise<LiveFinding[]> {
  const { workspace, standing, rollback } = job;
  const { since, previous } = standing;
  const length = job.newest.to.getTime() - job.newest.from.getTime();
  const inputs = { window: await job.inputs(interval), length, since, previous, rollback };
  const cached = await workspace.cache.read<LiveFinding[]>("live-evidence", inputs);
  if (cached) return cached;
  const findings = await findAll(job, interval, asked);
  await workspace.cache.write("live-evidence", inputs, findings);
  return findings;
}

async function findAll(job: EvidenceJob, interval: Interval, asked: readonly Condition[]): Promise<LiveFinding[]> {
  const { workspace, snapshot, watched, now } = job;
  const { record, today } = watched;
  await using staging = await workspace.store.staging();
  const bytes = () => snapshot.modelBytes(record.model, record.version);
  const windowJob = { ...workspace, record, bytes, drift: today.drift, interval, now, staging: staging.path };
  const needsRows = asked.some((condition) => condition !== "error_rate");
  const window = needsRows ? await readWindow(windowJob) : null;
  const findings: LiveFinding[] = [];
  for (const condition of asked) {
    findings.push(
      condition === "error_rate"
        ? await findFailures(job, windowJob)
        : await findInRows(job, condition, window!, staging),
    );
  }
  return findings;
}

async function findFailures({ rollback }: EvidenceJob, windowJob: WindowJob): Promise<LiveFinding> {
  const counted = await countFailures(windowJob);
  if ("reason" in counted) return { condition: "error_rate", state: "unknown", ...counted };
  const { rows, failed } = counted;
  return shareFinding("error_rate", {
    rows,
    hit: failed,
    limit: rollback.when.error_rate ?? 1,
    least: rollback.min_rows,
  });
}

async function findInRows(
  job: EvidenceJob,
  condition: "outside_reference" | "worse_than_previous",
  window: DriftWindow,
  { path }: { path: string },
): Promise<LiveFinding> {
  const { profile, rollback } = job;
  if (condition === "worse_than_previous") return compareWithPrevious(job, window, path);
  const counted = await countOutside(profile, window);
  if ("reason" in counted) return { condition, state: "unknown", ...counted };
  const { rows, outside } = counted;
  return shareFinding(condition, {
    rows,
    hit: outside,
    limit: rollback.when.outside_reference ?? 1,
    least: rollback.min_rows,
  });
}

function shareFinding(
  condition: "error_rate" | "outside_reference",
  { rows, hit, limit, least }: { rows: number; hit: number; limit: number; least: number },
): LiveFinding {
  if (rows < least) return { condition, state: "too few rows", rows };
  return { condition, state: "measured", rows, share: hit / rows, limit };
}

type JudgementJob = Omit<EvidenceJob, "standing" | "rollback" | "newest">;

/** Judges the promotion of the version in production by the newest window; null when `rollback.when` asks for nothing. */
export async function judgePromotion(job: JudgementJob, newest: Interval): Promise<RollbackJudgement | null> {
  const { workspace, snapshot, watched } = job;
  const { rollback } = watched.today;
  if (rollback === null) return null;
  const standing = standingOf(await workspace.registry.deployments(watched.record.model, snapshot));
  if (standing === null) return null;
  const evidence = await collectEvidence({ ...job, standing, rollback, newest });
  return { evidence, decision: decideRollback(evidence, standing) };
}

/** The primary metric of the version in production and of the one before, on the labelled rows of a window; or why they cannot be compared. */
async function compareWithPrevious(job: EvidenceJob, window: DriftWindow, staging: string): Promise<LiveFinding> {
  const { workspace, snapshot, watched, standing, rollback } = job;
  const { record } = watched;
  const condition = "worse_than_previous" as const;
  const unknown = (reason: string): LiveFinding => ({ condition, state: "unknown", reason });
  if (window.labels.problem !== null) return unknown(window.labels.problem);
  if (window.labels.known < rollback.min_rows) return { condition, state: "too few rows", rows: window.labels.known };
  const early = tooFewLabels(window, watched.today.drift.label_share);
  if (early !== null) return unknown(early);
  if (standing.previous === null) return unknown("no version was in production before it");
  const { version } = standing.previous;
  const own = join(staging, "labelled");
  await mkdir(own);
  const load = (each: number) => () => snapshot.modelBytes(record.model, each);
  try {
    const previous = { record: await snapshot.trusted(record.model, version), bytes: load(version) };
    const current = { record, bytes: load(record.version) };
    const { threads, clock, store } = workspace;
    const scored = await scoreLabelled({ window, current, previous, staging: own, store, threads, clock });
    return "reason" in scored ? unknown(scored.reason) : comparisonFinding(job, version, scored);
  } catch (error) {
    // The version before may be unreadable, or too slow; that says nothing of the one in production.
    if (!(error instanceof UserError || error instanceof EnvironmentError)) throw error;
    return unknown(`v${version} cannot score the rows: ${error.message}`);
  }
}

/** Labels that come first may be of another kind than those that follow. */
function tooFewLabels({ labels }: DriftWindow, needed: number): string | null {
  const arrived = arrivedShare(labels);
  if (arrived === null || arrived >= needed) return null;
  return `${formatPercent(arrived, 2)} of the labels have arrived, and drift.label_share is ${formatPercent(needed, 2)}`;
}

function comparisonFinding(
  { watched: { record }, rollback, standing, newest }: EvidenceJob,
  version: number,
  scored: ScoredLabels,
): LiveFinding {
  const condition = "worse_than_previous" as const;
  const { rows } = scored.current;
  if (rows < rollback.min_rows) return { condition, state: "too few rows", rows };
  const { primary } = record.evaluation;
  const { seed } = record.candidate.config;
  const compared = compareVersions(primary, scored.target, scored, {
    seed,
    window: windowNumber(standing.since, newest),
  });
  const { candidate, production, difference, direction } = compared;
  if (candidate === null || production === null || difference === null)
    return { condition, state: "unknown", reason: compared.problem ?? `${primary} has no value on these rows` };
  const values = { current: candidate, previous: production };
  return { condition, state: "measured", rows, metric: primary, direction, previous: version, values, difference };
}

/** 1 for the window in which the promotion was, or that began with it. */
function windowNumber(since: string, { from, to }: Interval): number {
  return Math.max(1, Math.ceil((to.getTime() - Date.parse(since)) / (to.getTime() - from.getTime())));
}
