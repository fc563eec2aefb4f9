import type { CandidateRecord } from "../../pipelines/registry/version-record.ts";
import type { Action } from "./action.ts";
import { type RememberedCandidate, readCandidateMarker, remember } from "./candidate-marker.ts";
import { pullRequestOfCommit } from "./github/pull-request.ts";
import { findReportComment } from "./report-comment.ts";
import { modelsFolder } from "./repository-path.ts";

/** The pull request a commit came from, and the candidates its comment remembers. */
export interface JudgedBefore {
  pullRequest: number | null;
  candidates: ReadonlyMap<string, RememberedCandidate>;
}

/** Looks the pull request up, from the input or the commit. A deploy never fails for want of it: then nothing is remembered. */
export async function judgedBefore(action: Action): Promise<JudgedBefore> {
  let pullRequest = /^[1-9]\d{0,9}$/.test(action.input("pull-request")) ? Number(action.input("pull-request")) : null;
  try {
    const github = await action.github();
    const { sha } = await action.context();
    pullRequest ??= await pullRequestOfCommit(github, sha);
    const comment =
      pullRequest === null ? null : await findReportComment(github, pullRequest, modelsFolder(action.env));
    return { pullRequest, candidates: readCandidateMarker(comment ?? "") };
  } catch (error) {
    action.log.warn(`the pull request of this commit cannot be looked up: ${(error as Error).message}`);
    return { pullRequest, candidates: new Map() };
  }
}

/** What differs between a candidate and the one that was judged in the pull request: empty when it was reproduced, null without one. */
export function compareWithJudged(record: CandidateRecord, judged: RememberedCandidate | undefined): string[] | null {
  if (!judged) return null;
  const now = remember(record);
  const words = {
    sha256: "the bytes of model.onnx",
    definition: "config, query or trainer",
    train: "the train rows",
    test: "the test rows",
  };
  return (Object.keys(words) as (keyof typeof words)[])
    .filter((key) => now[key] !== judged[key])
    .map((key) => words[key]);
}
