import type { GitHub } from "./client.ts";

/** Reviews of a pull request that approve it and stand, in words. */
export async function approvingReviews({ octokit, owner, repo }: GitHub, pullRequest: number): Promise<string[]> {
  const request = { owner, repo, pull_number: pullRequest, per_page: 100 };
  const reviews = await octokit.paginate(octokit.rest.pulls.listReviews, request);
  const last = new Map<string, string>();
  for (const { user, state } of reviews) if (user && state !== "COMMENTED") last.set(user.login, state);
  return [...last].flatMap(([login, state]) => (state === "APPROVED" ? [`@${login} reviewed #${pullRequest}`] : []));
}

/** Approvals of the environments that a run waited for, in words. Needs actions: read. */
export async function environmentApprovals({ octokit, owner, repo }: GitHub, run: number): Promise<string[]> {
  const { data } = await octokit.rest.actions.getReviewsForRun({ owner, repo, run_id: run });
  return data.flatMap(({ state, user, environments }) =>
    state === "approved"
      ? [`@${user.login} approved ${environments.map(({ name }) => name ?? "an environment").join(", ")}`]
      : [],
  );
}
