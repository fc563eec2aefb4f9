import { EnvironmentError, expectedFailure, UserError } from "../../pipelines/errors/expected-error.ts";
import { escapeSentence } from "../../pipelines/errors/inert-markdown.ts";
import type { Action } from "../shared/action.ts";
import { openPullRequestsOfHead } from "../shared/github/pull-request.ts";
import { isChecking } from "../shared/github/start-check.ts";
import { tellUnjudged } from "../shared/judge-open-again.ts";
import { type ReportSubject, reportSubjects } from "../shared/report-subject.ts";

/**
 * After a run that was to judge and is over, whatever ended it: where it left "judging …" behind, and no other run is about to judge
 * the same commit, the check is ended and the comment says what to do.
 */
export async function endJudging(action: Action): Promise<void> {
  const { workflowRun, serverUrl, owner, repo } = await action.context();
  if (workflowRun === null || `${workflowRun.id}` !== action.input("run-id"))
    throw new UserError({
      message: "there is no run that is over",
      hint: "run this on workflow_run with the input run-id",
    });
  const { id, headSha, headRepository, conclusion } = workflowRun;
  const github = await action.github();
  if (await isChecking(github, headSha)) return action.log.info("another run judges this commit");
  const pulls = await openPullRequestsOfHead(github, headSha, headRepository);
  const isCancelled = conclusion === "cancelled";
  const runUrl = `${serverUrl}/${owner}/${repo}/actions/runs/${id}`;
  await tellUnjudged(action, {
    ...{ headSha, runUrl, pullRequests: pulls.map(({ number }) => number) },
    why: `[its run](${runUrl}) ${isCancelled ? "was cancelled, or took too long" : "failed"} before there was a verdict`,
    mend: isCancelled
      ? "Run it again there: *Re-run all jobs*."
      : "Its log says what failed; run it again there: *Re-run failed jobs*.",
    conclusion: isCancelled ? "cancelled" : "failure",
  });
}

/** Where the report itself ends in an error, that is told in place of the verdict. */
export async function endAfterError(action: Action, thrown: unknown): Promise<void> {
  if (action.input("step") !== "") return;
  const subjects = await reportSubjects(action);
  const [first] = subjects;
  if (!first?.mayPublish) return;
  const { runUrl } = await action.context();
  const error = expectedFailure(thrown) ?? thrown;
  const words =
    error instanceof UserError ? error.problems[0]?.message : error instanceof EnvironmentError ? error.message : null;
  const numbers = subjects.flatMap(({ pullRequest }) => (pullRequest === null ? [] : [pullRequest]));
  await tellUnjudged(action, {
    ...{ headSha: first.headSha, runUrl, pullRequests: numbers, conclusion: "failure" },
    // What a bug says is for the log, which hides secrets.
    why: `its report ended in ${words ? `an error: ${escapeSentence(words)}` : "a bug of mergeml"}`,
    mend: `[The run](${runUrl}) has all of it; run it again there: *Re-run failed jobs*.`,
  });
}

/** The run's commit is nobody's head any more: nothing waits for its verdict. */
export async function endOvertaken(action: Action): Promise<void> {
  const { workflowRun, sha, runUrl } = await action.context();
  await tellUnjudged(action, {
    ...{ headSha: workflowRun?.headSha ?? sha, runUrl, pullRequests: [], conclusion: "cancelled" },
    why: "the pull request is closed or has newer commits",
    mend: "Nothing is to be done.",
  });
}

/** Of two pull requests with one head it is not known which was judged. */
export async function endUnknown(action: Action, subjects: readonly ReportSubject[]): Promise<void> {
  const { runUrl } = await action.context();
  const numbers = subjects.flatMap(({ pullRequest }) => (pullRequest === null ? [] : [pullRequest]));
  await tellUnjudged(action, {
    ...{ headSha: subjects[0]?.headSha ?? "", runUrl, pullRequests: numbers, conclusion: "failure" },
    why: `which of the pull requests with this commit [the run](${runUrl}) was for is not known`,
    mend: "Close those that are not needed, and push to the other.",
  });
}
