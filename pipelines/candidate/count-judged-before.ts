import { judgedBefore } from "../run-log/judged-before.ts";
import type { Workspace } from "../workspace/workspace.ts";
import type { Scored, Scoring } from "./score-candidate.ts";

/** Adds how many other candidates the test rows have judged, which production's interval must allow for. */
export async function countJudgedBefore(
  { runs }: Workspace,
  id: string,
  { config, data }: Pick<Scoring, "config" | "data">,
  scored: Scored,
): Promise<Scored> {
  const { evaluation } = scored;
  if (evaluation.baseline.state !== "scored") return scored;
  const known = await runs.read(config.name);
  return {
    ...scored,
    evaluation: { ...evaluation, judged_before: judgedBefore(known.runs, id, data.test.fingerprint) },
  };
}
