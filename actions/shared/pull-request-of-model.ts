import { join, posix } from "node:path";
import { GitError } from "../../pipelines/registry/git/failure.ts";
import type { CandidateRecord } from "../../pipelines/registry/version-record.ts";
import { definitionOf, modelsAtCommit, type Workspace } from "../../pipelines/workspace/workspace.ts";
import type { Action } from "./action.ts";
import type { GitHub } from "./github/client.ts";
import { pullRequestOfCommit } from "./github/pull-request.ts";
import { modelsFolder } from "./repository-path.ts";

/** Commits of mergeml.yaml that are looked at for the one that gave a model its defaults. */
const mostCommits = 10;

/** Commits that are brought to find those that touched a model. */
const deepest = 100;

/**
 * The pull request that brought a candidate's definition: that of the last commit that touched the model's folder, or that gave
 * it its defaults in mergeml.yaml. A deploy also brings what an earlier, lost run left due, and what came with the same push, so
 * the pushed commit's own says nothing of a model. null when there is none, as when a newer mergeml trains anew.
 */
export async function pullRequestOfModel(
  action: Action,
  workspace: Workspace,
  { config: { name }, definition }: Pick<CandidateRecord, "config" | "definition">,
): Promise<number | null> {
  const github = await action.github();
  const gives = async (commit: string) => {
    const { models } = await modelsAtCommit(workspace, commit, [name]);
    return models[0] !== undefined && definitionOf(models[0]) === definition;
  };
  const [touched] = await lastCommits(action, workspace, github, `models/${name}`, 1);
  if (touched !== undefined && (await gives(touched))) return pullRequestOfCommit(github, touched);
  let brought: string | null = null;
  for (const commit of await lastCommits(action, workspace, github, "mergeml.yaml", mostCommits)) {
    if (!(await gives(commit))) break;
    brought = commit;
  }
  return brought === null ? null : pullRequestOfCommit(github, brought);
}

/** The last commits that touched a path of the models' folder; of a shallow checkout GitHub knows, as its history is not here. */
async function lastCommits(
  { env }: Pick<Action, "env">,
  { git, root, remote }: Workspace,
  github: GitHub,
  path: string,
  most: number,
): Promise<string[]> {
  const head = (await git.headCommit()) ?? "HEAD";
  const isShallow = await deepen({ git, remote }, head);
  const listed = await git.text(["log", `-${most}`, "--format=%H %P", "HEAD", "--", join(root, path)]);
  const commits = listed.split("\n").filter(Boolean);
  const [last] = commits.slice(-1);
  // A commit whose parents are not here seems to have touched all of its files.
  const isKnown = commits.length === most && last !== undefined && last.includes(" ");
  if (isShallow && !isKnown) return lastCommitsOfPath(github, head, posix.join(modelsFolder(env), path), most);
  return commits.map((each) => each.split(" ", 1)[0] ?? "");
}

/** Brings the last commits without their files, where they are not here: git has no hourly limit, and GitHub's API has. Returns whether some are still missing. */
async function deepen({ git, remote }: Pick<Workspace, "git" | "remote">, head: string): Promise<boolean> {
  const isShallow = async () => (await git.text(["rev-parse", "--is-shallow-repository"])) === "true";
  if (!(await isShallow())) return false;
  const hasParents = (await git.text(["rev-list", "--parents", "-n", "1", head])).includes(" ");
  if (hasParents || remote === null) return true; // it was done before
  const fetch = ["fetch", "--no-tags", "--quiet", "--filter=blob:none", `--depth=${deepest}`, remote, head];
  await git.run(fetch).catch((error: unknown) => {
    if (!(error instanceof GitError)) throw error;
  });
  return isShallow();
}

/** The last commits up to `sha` that touched a file or folder, at most `most` (up to 100), newest first. */
async function lastCommitsOfPath(
  { octokit, owner, repo }: GitHub,
  sha: string,
  path: string,
  most: number,
): Promise<string[]> {
  const { data } = await octokit.rest.repos.listCommits({ owner, repo, sha, path, per_page: most });
  return data.map((commit) => commit.sha);
}
