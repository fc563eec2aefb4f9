import { join } from "node:path";
import type { QueryLimits } from "../../data/engines/engine.ts";
import { interruptAfter } from "../../data/engines/session.ts";
import { openSession } from "../../data/engines/tables.ts";
import type { VersionRecord } from "../../registry/version-record.ts";
import type { DriftResult } from "../../watch/drift/drift-result.ts";
import { judgeDrift } from "../../watch/drift/judge-drift.ts";
import { profileInSeason } from "../../watch/profile/past/season.ts";
import { parseProfile } from "../../watch/profile/profile-file.ts";
import { summarise } from "../../watch/profile/summarise.ts";
import type { DriftWindow } from "../../watch/window/drift-window.ts";
import { durationOf, type Interval, spanOf } from "../../watch/window/interval.ts";
import { readLogFiles } from "../../watch/window/log-source.ts";
import type { Arm } from "../answered-request.ts";
import { type ArmTable, agreementOf, armFacts, fillArm, pairRows } from "../comparison/read-arms.ts";
import type { LiveFindings, LiveTrial } from "./live-findings.ts";
import { newestFiles } from "./newest-files.ts";

/** A look at one model's prediction log. */
export interface LookJob {
  /** The model's folder of the log, without links. */
  folder: string;
  /** A folder of our own, which is empty. */
  staging: string;
  production: VersionRecord;
  /** profile.json of it; null when it was registered without. */
  profile: string | null;
  challenger: { record: VersionRecord; arm: Exclude<Arm, "production">; since: string } | null;
  now: Date;
  limits: QueryLimits;
  /** Of files that are read, at most. */
  bytes: number;
}

/** Compares the newest rows with what the version was trained on, and with what the challenger said. Looks for no labels. */
export async function lookAtLog(job: LookJob): Promise<LiveFindings> {
  const { folder, production, now, bytes, profile } = job;
  const { drift } = production.candidate.config;
  const wanted = { from: new Date(now.getTime() - durationOf(drift.window)), to: now };
  const { paths, from } = await newestFiles(folder, wanted, bytes);
  const interval = { from, to: now };
  const window = await readRows(job, interval, paths);
  const found = profile === null || window.rows === 0 ? null : await driftOf(job, window, profile);
  return {
    looked: now.toISOString(),
    window: spanOf(interval),
    rows: window.rows,
    drift: found && { outcome: found.outcome, columns: driftingColumns(found) },
    trial: job.challenger && (await trialIn(job, job.challenger, { interval, paths })),
  };
}

function readRows(job: LookJob, interval: Interval, paths: readonly string[]): Promise<DriftWindow> {
  const { folder, staging, production: record, now, limits } = job;
  const { drift } = record.candidate.config;
  const file = join(staging, "window.parquet");
  const labels = { problem: "a server looks for none" };
  const logged = {
    record,
    interval,
    staging,
    root: folder,
    now,
    drift: { query: null, label_delay: drift.label_delay ?? "0d" },
  };
  return readLogFiles(logged, { folder, paths, file, labels, limits });
}

async function driftOf({ production, limits }: LookJob, window: DriftWindow, text: string): Promise<DriftResult> {
  const profile = profileInSeason(parseProfile(text), window.interval);
  const redacted = window.log?.redacted ?? [];
  const counted = await summarise(profile, { files: [window.file], expected: [], redacted, ...limits });
  const { drift } = production.candidate.config;
  return judgeDrift({ profile, window: counted, performance: null, drift });
}

function driftingColumns({ features, predictions }: DriftResult): string[] {
  return [...features, ...predictions].flatMap(({ name, verdict }) => (verdict === "drift" ? [name] : []));
}

async function trialIn(
  { folder, staging, production: record, limits }: LookJob,
  { record: challenger, arm, since }: NonNullable<LookJob["challenger"]>,
  { interval, paths }: { interval: Interval; paths: readonly string[] },
): Promise<LiveTrial> {
  const begun = Math.max(interval.from.getTime(), Date.parse(since) || 0);
  const both = { interval: { from: new Date(begun), to: interval.to } };
  const production: ArmTable = { table: "production_rows", record };
  const tried: ArmTable = { table: "challenger_rows", record: challenger };
  using session = await openSession({ ...limits, readable: [folder], spill: join(staging, "spill") });
  const limit = interruptAfter(session, limits.seconds);
  try {
    await fillArm(session, both, production, { files: paths, arm: "production" });
    await fillArm(session, both, tried, { files: paths, arm });
    if (arm === "shadow") await pairRows(session, { production, tried });
    return {
      production: await armFacts(session, production),
      challenger: await armFacts(session, tried),
      agreement: arm === "shadow" ? await agreementOf(session, challenger.candidate.classes.length > 0) : null,
    };
  } finally {
    limit.stop();
  }
}
