import type { Thresholds } from "../config/model-config.ts";
import type { Evaluation } from "../evaluation/evaluation.ts";
import { judge } from "../gate/judge.ts";
import type { Verdict } from "../gate/verdict.ts";
import type { CandidateRecord } from "../registry/version-record.ts";
import { judgedBefore } from "../run-log/judged-before.ts";
import type { Workspace } from "../workspace/workspace.ts";
import type { Scored, Scoring } from "./score-candidate.ts";

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

/**
 * Adds how many other candidates the test rows have judged, which production's interval must allow for; `tried` are those of
 * the same pull request, which the run log does not know.
 */
export async function countJudgedBefore(
  { runs }: Workspace,
  id: string,
  { config, data }: Pick<Scoring, "config" | "data">,
  scored: Scored,
  tried?: readonly string[],
): Promise<Scored> {
  const { evaluation } = scored;
  if (evaluation.baseline.state !== "scored") return scored;
  return { ...scored, evaluation: await counted(runs, { id, config, test: data.test }, evaluation, tried) };
}

/** Judges a candidate again, knowing what its pull request tried before it on the same test rows. */
export async function judgeAfterTries(
  workspace: Pick<Workspace, "runs" | "clock" | "toolVersion">,
  record: CandidateRecord,
  evaluation: Evaluation,
  tried: readonly string[],
): Promise<{ evaluation: Evaluation; verdict: Verdict }> {
  const known =
    evaluation.baseline.state === "scored" ? await counted(workspace.runs, record, evaluation, tried) : evaluation;
  return { evaluation: known, verdict: judgeCandidate(workspace, record, known) };
}

async function counted(
  runs: Workspace["runs"],
  { id, config, test }: Pick<CandidateRecord, "id" | "config" | "test">,
  evaluation: Evaluation,
  tried: readonly string[] = [],
): Promise<Evaluation> {
  const known = await runs.read(config.name);
  const judged_before = judgedBefore(known.runs, id, test.fingerprint, tried);
  return { ...evaluation, judged_before, ...(tried.length > 0 && { tried }) };
}
