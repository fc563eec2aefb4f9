import { type GitHub, isForbidden, orForbidden, statusOf } from "./client.ts";

/** A pull request whose check is to run again. */
export interface CheckedPullRequest {
  number: number;
  headSha: string;
  /** Its branch, when that is in this repository; null for a fork's. */
  branch: string | null;
}

/**
 * Starts the check of a pull request anew: false when that cannot be. Asking twice is harmless: the workflow's concurrency group
 * keeps one run. A fork's is its own run once more, with what that may do, which is only to read.
 */
export function startCheck(github: GitHub, pull: CheckedPullRequest): Promise<boolean> {
  const { branch } = pull;
  return branch === null ? rerun(github, pull) : dispatchCheck(github, branch, pull.number);
}

/** What a workflow's own token pushed or opened starts no workflow but by this. */
export function dispatchCheck(
  { octokit, owner, repo, context }: GitHub,
  branch: string,
  pull: number,
): Promise<boolean> {
  const inputs = { "pull-request": `${pull}` };
  const request = { owner, repo, workflow_id: context.checkWorkflow, ref: branch, inputs };
  // 422: the workflow has no workflow_dispatch; 404: there is none of this name.
  return wasStarted(() => octokit.rest.actions.createWorkflowDispatch(request));
}

async function rerun({ octokit, owner, repo, context }: GitHub, { headSha }: CheckedPullRequest): Promise<boolean> {
  const query = {
    owner,
    repo,
    workflow_id: context.checkWorkflow,
    head_sha: headSha,
    event: "pull_request",
    per_page: 1,
  };
  let newest: number | undefined;
  const found = await wasStarted(async () => {
    newest = (await octokit.rest.actions.listWorkflowRuns(query)).data.workflow_runs[0]?.id;
  });
  if (!found || newest === undefined) return false;
  const run_id = newest;
  return wasStarted(() => octokit.rest.actions.reRunWorkflow({ owner, repo, run_id }));
}

/** Whether the check of a commit is running or waits to; not where its workflow has another name or the token may not see runs. */
export async function isChecking({ octokit, owner, repo, context }: GitHub, headSha: string): Promise<boolean> {
  const query = { owner, repo, workflow_id: context.checkWorkflow, head_sha: headSha, per_page: 20 };
  const found = await orForbidden(() => octokit.rest.actions.listWorkflowRuns(query));
  return found !== "forbidden" && found.data.workflow_runs.some(({ status }) => status !== "completed");
}

async function wasStarted(ask: () => Promise<unknown>): Promise<boolean> {
  try {
    await ask();
    return true;
  } catch (error) {
    if (isForbidden(error) || statusOf(error) === 422) return false;
    throw error;
  }
}
