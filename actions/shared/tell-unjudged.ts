import type { Action } from "./action.ts";
import { endBegunCheck } from "./github/check-run.ts";
import { upsertComment } from "./github/comment.ts";
import { orForbidden } from "./github/failure.ts";
import { elsewhereOf, findReportComment, reportMarker } from "./report-comment.ts";
import { checkName } from "./report-names.ts";
import { saysJudging, withNotice } from "./report-notice.ts";
import { modelsFolder } from "./repository-path.ts";

/** A commit that was to be judged and was not. */
export interface Unjudged {
  headSha: string;
  /** Open pull requests whose head it is. */
  pullRequests: readonly number[];
  /** Markdown on one line, without a full stop. */
  why: string;
  /** What to do, in Markdown. */
  mend: string;
  conclusion: "cancelled" | "failure";
  /** The run that was to judge it. */
  runUrl: string;
}

/**
 * Takes back what was announced of a commit that gets no verdict: its check ends red, since a neutral one would let the pull request
 * pass, and the comment says what happened and how to mend it. What has a verdict is left alone.
 */
export async function tellUnjudged(action: Action, unjudged: Unjudged): Promise<void> {
  const { headSha, pullRequests, why, mend, conclusion, runUrl } = unjudged;
  const github = await action.github();
  const short = headSha.slice(0, 7);
  const check = await endBegunCheck(github, {
    ...{ name: checkName(action.env), headSha, conclusion, detailsUrl: runUrl },
    title: conclusion === "cancelled" ? "not judged: cancelled" : "not judged: it failed",
    summary: `${headSha} was not judged: ${why}. ${mend}`,
  });
  const folder = modelsFolder(action.env);
  for (const pullRequest of pullRequests) {
    const comment = await findReportComment(github, pullRequest, folder);
    if (comment === null || !saysJudging(comment)) continue;
    const body = withNotice(comment, folder, {
      heading: `\`${short}\` was not judged`,
      text: `${why.replace(/^\[?[a-z]/, (start) => start.toUpperCase())}. ${mend}`,
      below: "What stands below is of an earlier commit or run.",
    });
    const sticky = { pullRequest, marker: reportMarker(folder), body: () => body, elsewhere: elsewhereOf(runUrl) };
    const told = await orForbidden(() => upsertComment(github, { ...sticky, onlyUpdate: true }));
    action.log.info(`#${pullRequest}: comment ${told}`);
  }
  action.log.info(`${short} was not judged; check ${check}`);
}
