import type { CandidateRecord } from "../../pipelines/registry/version-record.ts";
import { definitionOf, modelsAtCommit, type Workspace } from "../../pipelines/workspace/workspace.ts";
import type { Action } from "./action.ts";

/**
 * The newest commit of the branch that this run is for, when the model is another one there or gone: a newer run deploys
 * that, and whoever comes last must not put an older config into production. null: this is still what is wanted.
 */
export async function supersededBy(
  { env }: Pick<Action, "env">,
  workspace: Workspace,
  { config, definition }: Pick<CandidateRecord, "config" | "definition">,
): Promise<string | null> {
  const { git, remote } = workspace;
  const ref = env.GITHUB_REF ?? "";
  if (!ref.startsWith("refs/heads/") || remote === null) return null;
  const listed = await git.text(["ls-remote", remote, ref]);
  const newest = /^([0-9a-f]{40,64})\t/.exec(listed)?.[1];
  if (newest === undefined || newest === (await git.headCommit())) return null;
  const { models, problems } = await modelsAtCommit(workspace, newest, [config.name]);
  const [model] = models;
  if (model) return definitionOf(model) === definition ? null : newest;
  // A config with a mistake wants nothing else; one that is gone has no place in a file.
  return problems.some(({ where }) => where !== undefined) ? null : newest;
}
