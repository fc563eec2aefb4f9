import { UserError } from "../../pipelines/errors/expected-error.ts";
import type { KnownHead } from "../../pipelines/handover/test-merge.ts";
import type { Action } from "./action.ts";
import { mergeBaseOf, openPullRequestsOfHead, readPullRequest } from "./github/pull-request.ts";

/** What a report is about, from the event and the API, never from an artifact. */
export interface ReportSubject extends KnownHead {
  /** null for a commit of the merge queue, which nobody comments on. */
  pullRequest: number | null;
  /** false: the token of a fork's run, or of Dependabot's, cannot comment; another workflow will. */
  mayPublish: boolean;
  /** The run that has the artifacts, when it is not this one. */
  otherRun?: number;
}

/**
 * The pull requests that the report may be about: one, or of another run each open one of its head. None when there is
 * nothing to report on any more. Throws UserError when the event is of no pull request.
 */
export async function reportSubjects(action: Action): Promise<ReportSubject[]> {
  const { pullRequest, mergeGroup, sha, workflowRun } = await action.context();
  if (action.input("run-id") !== "") return subjectsOfRun(action, workflowRun);
  if (pullRequest) {
    const { number, headSha, readOnly } = pullRequest;
    return [{ pullRequest: number, headSha, merge: sha, baseRef: null, mayPublish: !readOnly }];
  }
  if (mergeGroup) {
    const { headSha, baseSha } = mergeGroup;
    return [{ pullRequest: null, headSha, merge: null, baseRef: null, base: baseSha, mayPublish: true }];
  }
  const number = action.input("pull-request");
  if (!/^[1-9]\d{0,9}$/.test(number)) throw noPullRequest(number);
  const github = await action.github();
  const known = await readPullRequest(github, Number(number));
  const { headSha, baseRef } = known;
  if (headSha !== sha) return [];
  const base = await mergeBaseOf(github, known);
  return [{ pullRequest: Number(number), headSha, merge: null, baseRef, base, mayPublish: true }];
}

async function subjectsOfRun(
  action: Action,
  run: { id: number; headSha: string; headRepository: string } | null,
): Promise<ReportSubject[]> {
  if (run === null || `${run.id}` !== action.input("run-id")) throw noPullRequest(action.input("run-id"));
  const known = await openPullRequestsOfHead(await action.github(), run.headSha, run.headRepository);
  if (known.length === 0) return [];
  const { git, remote } = await action.workspace();
  const refs = known.map(({ number }) => `refs/pull/${number}/merge`);
  const listed = await git.text(["ls-remote", remote ?? "origin", ...refs]);
  const merges = new Map([...listed.matchAll(/^([0-9a-f]{40,64})\t(.+)$/gm)].map(([, sha = "", ref]) => [ref, sha]));
  return known.map(({ number, headSha, baseRef }, at) => ({
    pullRequest: number,
    headSha,
    merge: merges.get(refs[at]) ?? null,
    baseRef,
    mayPublish: true,
    otherRun: run.id,
  }));
}

/**
 * The one that a run was for. Two open pull requests may have one head; which of them a run is of only its plan says, and
 * whatever it says, the results are judged by that pull request's own merge. null when that leaves it open.
 */
export function subjectOfPlan(subjects: readonly ReportSubject[], claimed: number | null): ReportSubject | null {
  const [only] = subjects;
  if (only && (only.otherRun === undefined || (claimed === null && subjects.length === 1))) return only;
  return subjects.find(({ pullRequest }) => pullRequest === claimed) ?? null;
}

function noPullRequest(given: string): UserError {
  return new UserError({
    message: `there is no pull request to report on${given ? ` (${given.slice(0, 40)})` : ""}`,
    hint: "run this on pull_request, on workflow_run with the input run-id, or give the input pull-request",
  });
}
