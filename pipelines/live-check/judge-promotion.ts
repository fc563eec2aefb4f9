import type { Interval } from "../drift/window/interval.ts";
import { decideRollback, type RollbackJudgement } from "../rollback/decide-rollback.ts";
import { standingOf } from "../rollback/standing.ts";
import { collectEvidence } from "./collect-evidence.ts";
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
