import { checkWindow } from "../drift/check-window.ts";
import type { DriftResult } from "../drift/drift-result.ts";
import { judgeByEvidently } from "../drift/evidently/judge-by-evidently.ts";
import { overlaps } from "../drift/known-data.ts";
import type { Profile } from "../drift/profile/profile.ts";
import type { DriftWindow } from "../drift/window/drift-window.ts";
import type { Interval } from "../drift/window/interval.ts";
import { readWindow } from "../drift/window/read-window.ts";
import type { Snapshot } from "../registry/snapshot.ts";
import type { Workspace } from "../workspace/workspace.ts";
import type { WatchedModel } from "./watched-model.ts";
import type { WindowInputs } from "./window-inputs.ts";

/** What one window says. Plain JSON. */
export interface WindowCheck extends Pick<DriftWindow, "source" | "labels" | "rejected" | "log"> {
  result: DriftResult;
}

export interface WindowCheckJob {
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
export async function checkOneWindow(job: WindowCheckJob, window: Interval): Promise<WindowCheck> {
  const { cache } = job.workspace;
  const interval = overlaps(window, job.known) ? { from: window.to, to: window.to } : window;
  const inputs = await job.inputs(interval);
  const cached = await cache.read<WindowCheck>("drift", inputs);
  if (cached) return cached;
  const check = await compareWindow(job, interval);
  await cache.write("drift", inputs, check);
  return check;
}

async function compareWindow(job: WindowCheckJob, interval: Interval): Promise<WindowCheck> {
  const { workspace, snapshot, watched, profile, now } = job;
  const {
    record,
    today: { drift },
  } = watched;
  const { threads, store } = workspace;
  const { config } = record.candidate;
  const { memory_gb } = config.resources;
  await using staging = await store.staging();
  const window = await readWindow({
    ...workspace,
    record,
    bytes: () => snapshot.modelBytes(record.model, record.version),
    drift,
    interval,
    now,
    staging: staging.path,
  });
  const files = window.rows > 0 ? [window.file] : [];
  const expected = window.columns.target === null ? [] : [window.columns.target];
  const rows = { files, threads, memory_gb };
  const judged = await checkWindow(profile, { ...rows, expected, drift, seed: config.seed });
  const calibrated = { ...judged, added: window.added };
  const result =
    drift.method === "evidently"
      ? await judgeByEvidently(calibrated, { ...rows, store, version: record.candidate })
      : calibrated;
  const { source, labels, rejected, log } = window;
  return { result, source, labels, rejected, log };
}
