import type { Thresholds } from "../config/model-config.ts";
import type { Evaluation } from "../evaluation/evaluation.ts";
import { judge } from "../gate/judge.ts";
import type { Verdict } from "../gate/verdict.ts";
import type { CandidateRecord } from "../registry/version-record.ts";
import type { Workspace } from "../workspace/workspace.ts";

/** The gate's verdict on a candidate, as of today (UTC), bound to everything it holds for. */
export function judgeCandidate(
  { clock, toolVersion }: Pick<Workspace, "clock" | "toolVersion">,
  record: CandidateRecord,
  evaluation: Evaluation,
  thresholds: Thresholds = record.config.thresholds,
): Verdict {
  const { baseline } = evaluation;
  return judge(evaluation, thresholds, {
    today: clock.now().toISOString().slice(0, 10),
    checks: record.checks,
    binds: {
      definition: record.definition,
      commit: record.commit,
      train_fingerprint: record.train.fingerprint,
      test_fingerprint: record.test.fingerprint,
      candidate_model: record.model.sha256,
      baseline_version: baseline.state === "none" ? null : baseline.version,
      baseline_model: baseline.state === "none" ? null : baseline.model,
      tool_version: toolVersion,
    },
  });
}
