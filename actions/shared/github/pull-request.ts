import { UserError } from "../../../pipelines/errors/expected-error.ts";
import { type GitHub, isForbidden } from "./client.ts";

/** Number of the pull request that brought a commit to its branch; null when there is none. */
export async function pullRequestOfCommit({ octokit, owner, repo }: GitHub, sha: string): Promise<number | null> {
  const { data } = await octokit.rest.repos.listPullRequestsAssociatedWithCommit({ owner, repo, commit_sha: sha });
  const merged = data.find(({ merged_at, merge_commit_sha }) => merged_at !== null && merge_commit_sha === sha);
  return (merged ?? data.find(({ merged_at }) => merged_at !== null))?.number ?? null;
}

/** A pull request's number, head and base, from the API: what an artifact or an input says of it is only a claim. */
export interface KnownPullRequest {
  number: number;
  headSha: string;
  /** The branch it goes to. */
  baseRef: string;
  /** Its own branch, when that is in this repository; null for a fork's, which we may not start workflows on. */
  branch: string | null;
}

/** The newest commit that a pull request's head and the branch it goes to have in common. */
export async function mergeBaseOf(
  { octokit, owner, repo }: GitHub,
  { headSha, baseRef }: Pick<KnownPullRequest, "headSha" | "baseRef">,
): Promise<string> {
  const request = { owner, repo, basehead: `${baseRef}...${headSha}`, per_page: 1, page: 2 }; // no files, which are on the first page
  return (await octokit.rest.repos.compareCommitsWithBasehead(request)).data.merge_base_commit.sha;
}

/** Throws UserError when there is none, or the token may not see it. */
export async function readPullRequest(
  { octokit, owner, repo }: GitHub,
  pullRequest: number,
): Promise<KnownPullRequest> {
  try {
    const { data } = await octokit.rest.pulls.get({ owner, repo, pull_number: pullRequest });
    const { number, head, base } = data;
    return { number, headSha: head.sha, baseRef: base.ref, branch: branchHere(head, `${owner}/${repo}`) };
  } catch (cause) {
    if (!isForbidden(cause)) throw cause;
    const message = `pull request ${pullRequest} of ${owner}/${repo} cannot be read: ${(cause as Error).message}`;
    throw new UserError({ message, hint: "check its number, and that the job has pull-requests: read" }, { cause });
  }
}

/** The hundred open pull requests that were changed last. */
export async function listOpenPullRequests({ octokit, owner, repo }: GitHub): Promise<KnownPullRequest[]> {
  const request = { owner, repo, state: "open" as const, sort: "updated" as const, direction: "desc" as const };
  const { data } = await octokit.rest.pulls.list({ ...request, per_page: 100 });
  return data.map(({ number, head, base }) => ({
    ...{ number, headSha: head.sha, baseRef: base.ref },
    branch: branchHere(head, `${owner}/${repo}`),
  }));
}

function branchHere(head: { ref: string; repo: { full_name: string } | null }, repository: string): string | null {
  return head.repo?.full_name === repository ? head.ref : null;
}

/** The open pull requests whose head is this commit of this repository: one for each branch it may go to. */
export async function openPullRequestsOfHead(
  { octokit, owner, repo }: GitHub,
  headSha: string,
  headRepository: string,
): Promise<KnownPullRequest[]> {
  const found: KnownPullRequest[] = [];
  const pages = octokit.paginate.iterator(octokit.rest.pulls.list, { owner, repo, state: "open", per_page: 100 });
  for await (const { data } of pages) {
    const same = data.filter(({ head }) => head.sha === headSha && head.repo?.full_name === headRepository);
    found.push(
      ...same.map(({ number, base, head }) => ({
        ...{ number, headSha, baseRef: base.ref },
        branch: branchHere(head, `${owner}/${repo}`),
      })),
    );
  }
  return found;
}
