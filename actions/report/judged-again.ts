import type { ReportEntry } from "../../pipelines/handover/training-outcome.ts";
import type { Action } from "../shared/action.ts";
import { beginCheckRun } from "../shared/github/check-run.ts";
import { upsertComment } from "../shared/github/comment.ts";
import { readPullRequest } from "../shared/github/pull-request.ts";
import { askForVerdict } from "../shared/judge-open-again.ts";
import { elsewhereOf, findReportComment, reportMarker, withNotice } from "../shared/report-comment.ts";
import { checkName } from "../shared/report-names.ts";
import { type ReportSubject, reportSubjects } from "../shared/report-subject.ts";
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

/** Says at once that a commit is being judged: the check is in progress, and the comment says which commit what it tells is of. */
export async function beginReport(action: Action): Promise<void> {
  const [subject] = await reportSubjects(action);
  if (!subject?.mayPublish) return action.log.info("this run's token may only read: nothing is announced");
  const { pullRequest, headSha } = subject;
  const { runUrl } = await action.context();
  const github = await action.github();
  const title = `judging ${headSha.slice(0, 7)} …`;
  const summary = `The models of ${headSha} are being trained and judged.`;
  const check = { name: checkName(action.env), headSha, title, summary, detailsUrl: runUrl };
  const told = await beginCheckRun(github, check);
  const { repository } = await action.workspace();
  if (pullRequest === null || repository.comment !== "always") return action.log.info(`check ${told}; no comment`);
  const folder = modelsFolder(action.env);
  const body = withNotice(await findReportComment(github, pullRequest, folder), folder, {
    heading: `judging \`${headSha.slice(0, 7)}\` …`,
    below: `What stands below is of an earlier commit or run; [this run](${runUrl}) judges again.`,
  });
  const sticky = { pullRequest, marker: reportMarker(folder), body: () => body, elsewhere: elsewhereOf(runUrl) };
  action.log.info(`check ${told}, comment ${await upsertComment(github, sticky)}`);
}
