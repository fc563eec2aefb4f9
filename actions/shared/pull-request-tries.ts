import { judgeAfterTries } from "../../pipelines/candidate/judge-candidate.ts";
import type { ReportEntry } from "../../pipelines/handover/training-outcome.ts";
import type { Action } from "./action.ts";
import { type RememberedCandidate, readCandidateMarker, triedBefore } from "./candidate-marker.ts";
import { findReportComment } from "./report-comment.ts";
import type { ReportSubject } from "./report-subject.ts";
import { modelsFolder } from "./repository-path.ts";

/**
 * What this pull request's comment remembers of its candidates. The jobs that train hold no token that could write to the run
 * log, so that the comment, which only the report writes, is where tries are counted. Nothing is remembered when it cannot be read.
 */
export async function rememberedBefore(
  action: Action,
  { pullRequest }: Pick<ReportSubject, "pullRequest">,
): Promise<Map<string, RememberedCandidate>> {
  if (pullRequest === null) return new Map();
  try {
    const comment = await findReportComment(await action.github(), pullRequest, modelsFolder(action.env));
    return readCandidateMarker(comment ?? "");
  } catch (error) {
    // Only a count is lost, and the verdict must not be.
    action.log.warn(`what this pull request tried before is not counted: ${(error as Error).message}`);
    return new Map();
  }
}

/** Judges each candidate knowing which others its pull request tried on the same test rows. */
export async function judgeEntriesAfterTries(
  action: Action,
  entries: readonly ReportEntry[],
  before: ReadonlyMap<string, RememberedCandidate>,
): Promise<ReportEntry[]> {
  const judged: ReportEntry[] = [];
  for (const entry of entries) {
    const tried = entry.state === "judged" ? triedBefore(entry.candidate, before.get(entry.candidate.config.name)) : [];
    if (entry.state !== "judged" || tried.length === 0) judged.push(entry);
    else
      judged.push({
        ...entry,
        ...(await judgeAfterTries(await action.workspace(), entry.candidate, entry.evaluation, tried)),
      });
  }
  return judged;
}
