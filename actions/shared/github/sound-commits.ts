import type { GitHub } from "./client.ts";
import { isForbidden } from "./failure.ts";

/** A workflow of a branch, by its file, and since when its runs count. */
export interface CountedRuns {
  workflow: string;
  branch: string;
  since: Date;
}

/**
 * Commits pushed to the branch whose run of the workflow succeeded, newest first, as GitHub recorded it: a run of a pull request
 * or of a fork, whose branch may have the same name, is none of them. None when the token may not ask.
 */
export async function soundCommits(
  { octokit, owner, repo }: GitHub,
  { workflow, branch, since }: CountedRuns,
): Promise<string[]> {
  const query = { owner, repo, workflow_id: workflow, branch, event: "push", status: "success" } as const;
  try {
    const { data } = await octokit.rest.actions.listWorkflowRuns({ ...query, per_page: 50 });
    const own = data.workflow_runs.filter(
      ({ event, head_branch, head_repository, created_at }) =>
        event === "push" &&
        head_branch === branch &&
        head_repository.full_name === `${owner}/${repo}` &&
        new Date(created_at) >= since,
    );
    return own.map(({ head_sha }) => head_sha);
  } catch (error) {
    if (isForbidden(error)) return [];
    throw error;
  }
}
