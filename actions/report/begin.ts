import type { Action } from "../shared/action.ts";
import { beginCheckRun } from "../shared/github/check-run.ts";
import { upsertComment } from "../shared/github/comment.ts";
import { elsewhereOf, findReportComment, reportMarker } from "../shared/report-comment.ts";
import { checkName } from "../shared/report-names.ts";
import { withNotice } from "../shared/report-notice.ts";
import { reportSubjects } from "../shared/report-subject.ts";
import { modelsFolder } from "../shared/repository-path.ts";

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
