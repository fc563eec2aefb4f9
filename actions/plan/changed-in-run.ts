import { changedModels, changedSince } from "../../pipelines/changed-models.ts";
import type { Workspace } from "../../pipelines/workspace/workspace.ts";
import type { Action } from "../shared/action.ts";
import { mergeBaseOf, readPullRequest } from "../shared/github/pull-request.ts";

/**
 * The models that this run is about: those that a pull request changes, or several of them in the merge queue's commit, whose
 * parents say nothing of where it began. All when the run is of no change.
 */
export async function changedInRun(action: Action, workspace: Workspace): Promise<ReadonlySet<string> | "all"> {
  const { mergeGroup } = await action.context();
  if (mergeGroup) return changedSince(workspace, mergeGroup.baseSha);
  const number = action.input("pull-request");
  if (/^[1-9]\d{0,9}$/.test(number)) {
    const github = await action.github();
    return changedSince(workspace, await mergeBaseOf(github, await readPullRequest(github, Number(number))));
  }
  return changedModels(workspace, action.input("base") || null);
}
