import type { ReportEntry } from "../../pipelines/handover/training-outcome.ts";
import type { Action } from "../shared/action.ts";
import { readPullRequest } from "../shared/github/pull-request.ts";
import { askForVerdict } from "../shared/judge-open-again.ts";
import { findReportComment } from "../shared/report-comment.ts";
import type { ReportSubject } from "../shared/report-subject.ts";
import { modelsFolder } from "../shared/repository-path.ts";

/**
 * Whether production moved since the models were compared with it, as when failed jobs run again later: then the whole check is
 * started anew. Not by a run that was itself started so, nor without end by one that claims the wrong production each time.
 */
export async function judgedAgain(
  action: Action,
  subject: ReportSubject,
  entries: readonly ReportEntry[],
): Promise<boolean> {
  const moved = entries.flatMap((each) =>
    each.state === "error" && each.moved ? [{ model: each.model, ...each.moved }] : [],
  );
  const [first, ...others] = moved;
  const { eventName, workflowRun } = await action.context();
  const isAgain = eventName === "workflow_dispatch" || (workflowRun?.attempt ?? 1) > 2;
  if (first === undefined || subject.pullRequest === null || !subject.mayPublish || isAgain) return false;
  const github = await action.github();
  const pull = await readPullRequest(github, subject.pullRequest);
  const comment = await findReportComment(github, subject.pullRequest, modelsFolder(action.env));
  if ((await askForVerdict(action, github, pull, { comment, moved: [first, ...others] })) !== "started") return false;
  action.output("verdict", "none");
  action.fail(`production of ${first.model} moved since this was judged: it is judged again by a run of its own`);
  return true;
}
