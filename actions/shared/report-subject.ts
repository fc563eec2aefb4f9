import { UserError } from "../../pipelines/errors/user-error.ts";
import type { Action } from "./action.ts";
import { openPullRequestOfHead, readPullRequest } from "./github/pull-request.ts";

/** What a report is about, from the event and the API, never from an artifact. */
export interface ReportSubject {
  pullRequest: number;
  headSha: string;
  /** Commits that the models may have been read from: the head, or its merge with the base branch. */
  commits: readonly string[];
  /** false: the token of a fork's run cannot comment; another workflow will. */
  mayPublish: boolean;
  /** The run that has the artifacts, when it is not this one. */
  otherRun?: number;
}

/** null when there is nothing to report on any more. Throws UserError when the event is of no pull request. */
export async function reportSubject(action: Action): Promise<ReportSubject | null> {
  const { pullRequest, sha, workflowRun } = await action.context();
  if (action.input("run-id") !== "") return subjectOfRun(action, workflowRun);
  if (pullRequest) {
    const { number, headSha, fork } = pullRequest;
    return { pullRequest: number, headSha, commits: [sha, headSha], mayPublish: !fork };
  }
  const number = action.input("pull-request");
  if (!/^[1-9]\d{0,9}$/.test(number)) throw noPullRequest(number);
  const known = await readPullRequest(await action.github(), Number(number));
  if (known.headSha !== sha) return null;
  return { pullRequest: known.number, headSha: known.headSha, commits: [sha], mayPublish: true };
}

async function subjectOfRun(
  action: Action,
  run: { id: number; headSha: string; headRepository: string } | null,
): Promise<ReportSubject | null> {
  if (run === null || `${run.id}` !== action.input("run-id")) throw noPullRequest(action.input("run-id"));
  const known = await openPullRequestOfHead(await action.github(), run.headSha, run.headRepository);
  if (known === null) return null;
  const { git, remote } = await action.workspace();
  const merged = await git.run(["ls-remote", remote ?? "origin", `refs/pull/${known.number}/merge`]);
  const merge = /^([0-9a-f]{40,64})\t/.exec(merged.stdout.toString("utf8"))?.[1];
  return {
    pullRequest: known.number,
    headSha: known.headSha,
    commits: merge ? [merge, known.headSha] : [known.headSha],
    mayPublish: true,
    otherRun: run.id,
  };
}

function noPullRequest(given: string): UserError {
  return new UserError({
    message: `there is no pull request to report on${given ? ` (${given.slice(0, 40)})` : ""}`,
    hint: "run this on pull_request, on workflow_run with the input run-id, or give the input pull-request",
  });
}
