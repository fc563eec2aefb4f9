import { UserError } from "../../../pipelines/errors/user-error.ts";
import type { GitHub } from "./client.ts";
import { isForbidden } from "./failure.ts";

/** Number of the pull request that brought a commit to its branch; null when there is none. */
export async function pullRequestOfCommit({ octokit, owner, repo }: GitHub, sha: string): Promise<number | null> {
  const { data } = await octokit.rest.repos.listPullRequestsAssociatedWithCommit({ owner, repo, commit_sha: sha });
  const merged = data.find(({ merged_at, merge_commit_sha }) => merged_at !== null && merge_commit_sha === sha);
  return (merged ?? data.find(({ merged_at }) => merged_at !== null))?.number ?? null;
}

/** A pull request's number and head, from the API: what an artifact or an input says of it is only a claim. */
export interface KnownPullRequest {
  number: number;
  headSha: string;
}

/** Throws UserError when there is none, or the token may not see it. */
export async function readPullRequest(
  { octokit, owner, repo }: GitHub,
  pullRequest: number,
): Promise<KnownPullRequest> {
  try {
    const { data } = await octokit.rest.pulls.get({ owner, repo, pull_number: pullRequest });
    return { number: data.number, headSha: data.head.sha };
  } catch (cause) {
    if (!isForbidden(cause)) throw cause;
    const message = `pull request ${pullRequest} of ${owner}/${repo} cannot be read: ${(cause as Error).message}`;
    throw new UserError({ message, hint: "check its number, and that the job has pull-requests: read" }, { cause });
  }
}

/** The open pull request whose head is this commit of this repository; null when there is none any more. */
export async function openPullRequestOfHead(
  { octokit, owner, repo }: GitHub,
  headSha: string,
  headRepository: string,
): Promise<KnownPullRequest | null> {
  const pages = octokit.paginate.iterator(octokit.rest.pulls.list, { owner, repo, state: "open", per_page: 100 });
  for await (const { data } of pages) {
    const found = data.find(({ head }) => head.sha === headSha && head.repo?.full_name === headRepository);
    if (found) return { number: found.number, headSha };
  }
  return null;
}
