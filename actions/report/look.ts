import { changedBetween } from "../../pipelines/changed-models.ts";
import { UserError } from "../../pipelines/errors/user-error.ts";
import { fetchCommit } from "../../pipelines/workspace/read-commit.ts";
import type { Action } from "../shared/action.ts";
import { publishReport } from "../shared/publish-report.ts";
import { rememberedBefore } from "../shared/pull-request-tries.ts";
import { reportSubjects } from "../shared/report-subject.ts";

/**
 * Reports at once on a change that no model can depend on, by the paths alone that differ between the base, which is checked out,
 * and the commit of the run. Any other change is for the plan to tell. Nothing of the commit runs or is read.
 */
export async function lookAtChange(action: Action): Promise<void> {
  const [subject] = await reportSubjects(action);
  const { sha } = await action.context();
  const changed = subject?.mayPublish ? await changedIn(action, sha) : "all";
  const isNone = changed !== "all" && changed.size === 0;
  action.output("affected", isNone ? "none" : "maybe");
  if (!subject || !isNone) return action.log.info("models may be affected: the plan tells");
  const { repository, clock } = await action.workspace();
  const before = await rememberedBefore(action, subject);
  await publishReport(action, subject, [], { before, comment: repository.comment, now: clock.now() });
}

/** A commit that is not there any more is for the next run. */
async function changedIn(action: Action, commit: string): Promise<ReadonlySet<string> | "all"> {
  const workspace = await action.workspace();
  try {
    await fetchCommit(workspace, commit);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    action.log.warn(error.message);
    return "all";
  }
  return changedBetween(workspace, "HEAD", commit);
}
