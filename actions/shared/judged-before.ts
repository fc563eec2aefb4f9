import type { CandidateRecord } from "../../pipelines/registry/version-record.ts";
import type { Workspace } from "../../pipelines/workspace/workspace.ts";
import type { Action } from "./action.ts";
import { pullRequestOfModel } from "./pull-request-of-model.ts";
import { findReportComment, type RememberedCandidate, readCandidateMarker, remember } from "./report-comment.ts";
import { modelsFolder } from "./repository-path.ts";

/** The pull request that a candidate came from, and what its comment remembers of it. */
export interface JudgedBefore {
  pullRequest: number | null;
  candidate: RememberedCandidate | null;
}

/**
 * Looks the pull request of each candidate up, from the input or the commit that brought it. A deploy never fails for want of it:
 * then nothing is remembered.
 */
export function openJudgedBefore(
  action: Action,
  workspace: Workspace,
): (record: CandidateRecord) => Promise<JudgedBefore> {
  const given = action.input("pull-request");
  const named = /^[1-9]\d{0,9}$/.test(given) ? Number(given) : null;
  const comments = new Map<number, Promise<ReadonlyMap<string, RememberedCandidate>>>();
  return async (record) => {
    const { name } = record.config;
    let pullRequest = named;
    try {
      pullRequest ??= await pullRequestOfModel(action, workspace, record);
      if (pullRequest === null) return { pullRequest, candidate: null };
      if (!comments.has(pullRequest)) comments.set(pullRequest, readCandidates(action, pullRequest));
      return { pullRequest, candidate: (await comments.get(pullRequest))?.get(name) ?? null };
    } catch (error) {
      action.log.warn(`the pull request of ${name} cannot be looked up: ${(error as Error).message}`);
      return { pullRequest, candidate: null };
    }
  };
}

async function readCandidates(action: Action, pullRequest: number): Promise<Map<string, RememberedCandidate>> {
  const comment = await findReportComment(await action.github(), pullRequest, modelsFolder(action.env));
  return readCandidateMarker(comment ?? "");
}

/** What differs between a candidate and the one that was judged in the pull request: empty when it was reproduced, null without one. */
export function compareWithJudged(record: CandidateRecord, judged: RememberedCandidate | null): string[] | null {
  if (!judged) return null;
  const now = remember(record);
  const words: Record<Exclude<keyof RememberedCandidate, "judged" | "against">, string> = {
    sha256: "the bytes of model.onnx",
    definition: "config, query or trainer",
    train: "the train rows",
    test: "the test rows",
  };
  return (Object.keys(words) as (keyof typeof words)[])
    .filter((key) => now[key] !== judged[key])
    .map((key) => words[key]);
}
