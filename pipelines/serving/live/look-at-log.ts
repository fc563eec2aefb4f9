import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { QueryLimits } from "../../data/engines/engine.ts";
import { interruptAfter } from "../../data/engines/session.ts";
import { openSession } from "../../data/engines/tables.ts";
import type { VersionRecord } from "../../registry/version-record.ts";
import type { DriftResult } from "../../watch/drift/drift-result.ts";
import { judgeDrift } from "../../watch/drift/judge-drift.ts";
import type { Span } from "../../watch/drift/model-drift.ts";
import { profileInSeason } from "../../watch/profile/past/season.ts";
import { parseProfile } from "../../watch/profile/profile-file.ts";
import { summarise } from "../../watch/profile/summarise.ts";
import { type DriftWindow, logFiles } from "../../watch/window/drift-window.ts";
import { durationOf, type Interval, spanOf } from "../../watch/window/interval.ts";
import { readLogFiles } from "../../watch/window/log-source.ts";
import { type ArmTable, agreementOf, armFacts, fillArm, pairRows } from "../comparison/read-arms.ts";
import type { Agreement, ArmFacts } from "../comparison/trial-notes.ts";
import type { Arm } from "../served-model.ts";

/** What the server's own prediction log says of what answers now. Plain JSON. */
export interface LiveFindings {
  /** When it was looked at, ISO. */
  looked: string;
  /** Of the rows that were looked at: less than `drift.window` where the log is large. */
  window: Span;
  /** Of the version in production. */
  rows: number;
  /** Against the profile of that version, without labels; null when it has none. */
  drift: LiveDrift | null;
  /** null when nothing is tried. */
  trial: LiveTrial | null;
}

interface LiveDrift {
  outcome: DriftResult["outcome"];
  /** Features and predictions that drift, the most important first. */
  columns: readonly string[];
}

/** Production beside its challenger, since both answer. */
export interface LiveTrial {
  production: LiveArm;
  challenger: LiveArm;
  /** Of a shadow, on the rows of both. */
  agreement: Agreement | null;
}

export type LiveArm = Omit<ArmFacts, "labelled">;

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

/** Bytes that even the smallest file counts for: opening it takes as long as reading so many. */
const leastBytes = 32 * 1024;

/**
 * The newest files of a model's log that are not larger together than `bytes`, and from when on they have all rows of the interval:
 * the interval's own beginning when it fits.
 */
export async function newestFiles(
  folder: string,
  interval: Interval,
  bytes: number,
): Promise<{ paths: string[]; from: Date }> {
  const paths = await logFiles(folder, interval);
  const found = await Promise.all(paths.map(sized));
  const newest = found.filter((file) => file !== null).sort((a, b) => b.written - a.written);
  let left = bytes;
  const taken = newest.findIndex((file) => (left -= Math.max(leastBytes, file.bytes)) < 0);
  if (taken < 0) return { paths, from: interval.from };
  const kept = newest.slice(0, Math.max(1, taken));
  // What is younger than the first file that is left out has been written into those that are kept.
  const before = newest[kept.length]?.written ?? 0;
  return { paths: kept.map(({ path }) => path), from: new Date(Math.max(before, interval.from.getTime())) };
}

/** null when it is gone by now. */
async function sized(path: string): Promise<{ path: string; bytes: number; written: number } | null> {
  const found = await stat(path).catch(() => null);
  return found && { path, bytes: found.size, written: found.mtimeMs };
}
