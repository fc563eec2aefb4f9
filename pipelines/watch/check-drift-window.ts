import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { ModelConfig } from "../config/model-config.ts";
import type { Snapshot } from "../registry/snapshot.ts";
import type { Workspace } from "../workspace/workspace.ts";
import type { DriftResult } from "./drift/drift-result.ts";
import { type EvidentlyJob, judgeByEvidently } from "./drift/evidently/judge-by-evidently.ts";
import { judgeDrift } from "./drift/judge-drift.ts";
import type { Span } from "./drift/model-drift.ts";
import { estimateWindow } from "./performance/estimate/estimate-window.ts";
import { currentPerformance } from "./performance/measure-metric.ts";
import { profileInSeason } from "./profile/past/season.ts";
import type { Profile } from "./profile/profile.ts";
import { type SummariseOptions, summarise } from "./profile/summarise.ts";
import type { DriftWindow } from "./window/drift-window.ts";
import { durationOf, type Interval, spanOf } from "./window/interval.ts";
import { overlaps } from "./window/known-data.ts";
import { readWindow } from "./window/read-window.ts";
import type { WatchedModel, WindowInputs } from "./window-inputs.ts";

/** What one window says. Plain JSON. */
export interface DriftWindowCheck extends Pick<DriftWindow, "source" | "labels" | "rejected" | "log"> {
  result: DriftResult;
  /** The earlier window that the labels and the performance are of; null for the window itself. */
  labelled: Span | null;
}

export interface DriftWindowJob {
  workspace: Workspace;
  snapshot: Snapshot;
  watched: WatchedModel;
  profile: Profile;
  /** When the rows happened that the version was trained and tested on. */
  known: Interval | null;
  inputs: WindowInputs;
  now: Date;
}

/**
 * Reads a window's rows and compares them with the version's profile, or takes the result from the cache when nothing changed.
 * A window that overlaps the known data is read as an empty one.
 */
export async function checkDriftWindow(job: DriftWindowJob, window: Interval): Promise<DriftWindowCheck> {
  const { cache } = job.workspace;
  const interval = overlaps(window, job.known) ? { from: window.to, to: window.to } : window;
  const labelled = earlierLabels(interval, job);
  const inputs = await job.inputs(interval, labelled);
  const cached = await cache.read<DriftWindowCheck>("drift", inputs);
  if (cached) return cached;
  const check = await compareWindow(job, interval, labelled);
  await cache.write("drift", inputs, check);
  return check;
}

/**
 * The window that ended `drift.label_delay` earlier, when that is so long that no label of the window itself can count yet:
 * the newest whose outcomes are final. null when it overlaps the known data.
 */
function earlierLabels({ from, to }: Interval, { watched, known }: DriftWindowJob): Interval | null {
  const delay = durationOf(watched.today.drift.label_delay);
  if (from >= to || delay < to.getTime() - from.getTime()) return null;
  const earlier = { from: new Date(from.getTime() - delay), to: new Date(to.getTime() - delay) };
  return overlaps(earlier, known) ? null : earlier;
}

async function compareWindow(
  job: DriftWindowJob,
  interval: Interval,
  earlier: Interval | null,
): Promise<DriftWindowCheck> {
  const { workspace, watched, profile } = job;
  const { candidate } = watched.record;
  const { drift } = watched.today;
  const { memory_gb } = candidate.config.resources;
  const { threads, store } = workspace;
  await using staging = await store.staging();
  const window = await readRows(job, interval, join(staging.path, "window"));
  const before = earlier && (await readRows(job, earlier, join(staging.path, "labelled")));
  // Nothing was predicted then: the window itself says how many labels are awaited.
  const labelled = before && before.rows > 0 ? before : window;
  const expected = window.columns.target === null ? [] : [window.columns.target];
  const rows = { files: filesOf(window), threads, memory_gb };
  const redacted = window.log?.redacted ?? [];
  const options = { ...rows, labelled: filesOf(labelled), expected, redacted, drift, seed: candidate.config.seed };
  const seasonal = drift.method === "calibrated" ? profileInSeason(profile, interval) : profile;
  const calibrated = { ...(await compareWithProfile(seasonal, options)), added: window.added };
  const result =
    drift.method === "evidently"
      ? await judgeByEvidently(calibrated, { ...rows, store, version: candidate })
      : calibrated;
  const { source, rejected, log } = window;
  const span = labelled === window ? null : spanOf(labelled.interval);
  return { result, source, labels: labelled.labels, labelled: span, rejected, log };
}

async function readRows(
  { workspace, snapshot, watched, now }: DriftWindowJob,
  interval: Interval,
  staging: string,
): Promise<DriftWindow> {
  const { record, today } = watched;
  await mkdir(staging);
  const bytes = () => snapshot.modelBytes(record.model, record.version);
  return readWindow({ ...workspace, record, bytes, drift: today.drift, interval, now, staging });
}

function filesOf({ rows, file }: DriftWindow): string[] {
  return rows > 0 ? [file] : [];
}

interface CheckWindowOptions extends SummariseOptions {
  drift: Pick<ModelConfig["drift"], "min_rows" | "share">;
  /** The files whose outcomes are compared, when they are others. */
  labelled?: readonly string[];
  /** Of the bootstrap that measures performance. */
  seed: number;
  /** For `drift.method: evidently`: where the rows are that the version was trained and judged on. */
  evidently?: Pick<EvidentlyJob, "store" | "version">;
}

/** With fewer labels than this the metric is estimated too. */
const mostlyLabelled = 0.8;

/** A window's Parquet files against a version's profile by the calibrated method, or by Evidently's. Files of a log and of a query look alike. */
export async function compareWithProfile(profile: Profile, options: CheckWindowOptions): Promise<DriftResult> {
  const window = await summarise(profile, options);
  const performance = await currentPerformance(profile, options.labelled ?? options.files, options.seed);
  const judged = judgeDrift({ profile, window, performance, drift: options.drift });
  const labelled = performance && !("problem" in performance) ? performance.rows : 0;
  const estimate = labelled < mostlyLabelled * window.rows ? await estimateWindow(profile, window, options) : null;
  const calibrated = estimate ? { ...judged, estimate } : judged;
  return options.evidently ? judgeByEvidently(calibrated, { ...options, ...options.evidently }) : calibrated;
}
