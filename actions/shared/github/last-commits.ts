import type { GitHub } from "./client.ts";

/** The last commits up to `sha` that touched a file or folder, at most `most` (up to 100), newest first. */
export async function lastCommitsOfPath(
  { octokit, owner, repo }: GitHub,
  sha: string,
  path: string,
  most: number,
): Promise<string[]> {
  const { data } = await octokit.rest.repos.listCommits({ owner, repo, sha, path, per_page: most });
  return data.map((commit) => commit.sha);
}
