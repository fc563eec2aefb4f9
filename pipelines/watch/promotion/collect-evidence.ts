import type { RollbackConfig } from "../../config/model-config.ts";
import { standingOf } from "../../registry/standing.ts";
import type { DriftWindow, WindowJob } from "../window/drift-window.ts";
import type { Interval } from "../window/interval.ts";
import { readWindow } from "../window/read-window.ts";
import { compareWithPrevious } from "./compare-with-previous.ts";
import { countFailures } from "./count-failures.ts";
import { decideRollback, type RollbackJudgement } from "./decide-rollback.ts";
import type { Condition, Evidence, LiveFinding } from "./evidence.ts";
import type { EvidenceJob } from "./evidence-job.ts";
import { countOutside } from "./outside-reference.ts";

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
