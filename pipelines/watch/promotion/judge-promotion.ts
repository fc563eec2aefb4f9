import { standingOf } from "../../registry/standing.ts";
import type { Interval } from "../window/interval.ts";
import { collectEvidence } from "./collect-evidence.ts";
import { decideRollback, type RollbackJudgement } from "./decide-rollback.ts";
import type { EvidenceJob } from "./evidence-job.ts";

type JudgementJob = Omit<EvidenceJob, "standing" | "rollback" | "newest">;

/** Judges the promotion of the version in production by the newest window; null when `rollback.when` asks for nothing. */
export async function judgePromotion(job: JudgementJob, newest: Interval): Promise<RollbackJudgement | null> {
  const { workspace, snapshot, watched } = job;
  const { rollback } = watched.today;
  if (rollback === null) return null;
  const standing = standingOf(await workspace.registry.history(watched.record.model, snapshot));
  if (standing === null) return null;
  const evidence = await collectEvidence({ ...job, standing, rollback, newest });
  return { evidence, decision: decideRollback(evidence, standing) };
}
