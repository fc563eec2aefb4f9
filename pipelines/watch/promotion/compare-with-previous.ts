import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { EnvironmentError } from "../../errors/environment-error.ts";
import { UserError } from "../../errors/user-error.ts";
import { formatPercent } from "../../statistics/format-number.ts";
import { arrivedShare } from "../drift/late-labels.ts";
import type { DriftWindow } from "../window/drift-window.ts";
import type { Interval } from "../window/interval.ts";
import { compareVersions } from "./compare-versions.ts";
import type { LiveFinding } from "./evidence.ts";
import type { EvidenceJob } from "./evidence-job.ts";
import { type ScoredLabels, scoreLabelled } from "./score-labelled.ts";

/** The primary metric of the version in production and of the one before, on the labelled rows of a window; or why they cannot be compared. */
export async function compareWithPrevious(
  job: EvidenceJob,
  window: DriftWindow,
  staging: string,
): Promise<LiveFinding> {
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
