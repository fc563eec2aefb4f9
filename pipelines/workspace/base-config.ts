import type { RepositoryConfig } from "../config/model-config.ts";
import { parseRepositoryConfig } from "../config/parse-repository-config.ts";
import type { Environment } from "../ports/host.ts";
import type { Git } from "../registry/git/git.ts";

export interface Checkout {
  git: Pick<Git, "text" | "run">;
  remote: string | null;
  env: Environment;
}

/** The branch that a pull request's job is to be merged into; null in any other job. */
export function baseBranch(env: Environment): string | null {
  return isUnderReview(env) && env.GITHUB_BASE_REF ? env.GITHUB_BASE_REF : null;
}

/** Whether this job runs what nobody has merged yet: of a pull request, or of a merge queue. */
export function isUnderReview({ GITHUB_EVENT_NAME: event = "" }: Environment): boolean {
  return /^(pull_request|merge_group)/.test(event);
}

/** mergeml.yaml as the branch has it that a pull request is to be merged into; null where that has none. */
export async function baseConfig(checkout: Checkout, base: string): Promise<RepositoryConfig | null> {
  const { git } = checkout;
  const commit = (await mergedInto(checkout)) ?? (await fetchBase(checkout, base));
  const prefix = await git.text(["rev-parse", "--show-prefix"]);
  const listed = await git.text(["ls-tree", "--name-only", "--full-tree", commit, `${prefix}mergeml.yaml`]);
  if (listed === "") return null;
  const text = await git.text(["show", `${commit}:${prefix}mergeml.yaml`]);
  return parseRepositoryConfig(text, "mergeml.yaml").config;
}

/**
 * The base's commit where GitHub's own test merge is checked out, whose first parent it is: a job that may not fetch has it too.
 * null for any other checkout, whose parents are what the pull request's author chose.
 */
export async function mergedInto({ git, env }: Checkout): Promise<string | null> {
  const parents = (await git.text(["rev-list", "--parents", "-1", "HEAD"])).split(" ");
  const isTestMerge = /^refs\/pull\/\d+\/merge$/.test(env.GITHUB_REF ?? "") && parents[0] === env.GITHUB_SHA;
  return isTestMerge && parents.length === 3 ? parents[1]! : null;
}

async function fetchBase({ git, remote }: Checkout, base: string): Promise<string> {
  await git.run(["fetch", "--no-tags", "--quiet", "--depth=1", remote ?? "origin", `refs/heads/${base}`]);
  return git.text(["rev-parse", "FETCH_HEAD"]);
}
