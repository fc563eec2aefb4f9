import { escapeSentence } from "../../pipelines/errors/inert-markdown.ts";
import type { Action } from "../shared/action.ts";
import { upsertComment } from "../shared/github/comment.ts";
import { orForbidden } from "../shared/github/failure.ts";
import { elsewhereOf, findReportComment, reportMarker } from "../shared/report-comment.ts";
import { withOutcomes } from "../shared/report-notice.ts";
import { modelsFolder } from "../shared/repository-path.ts";
import type { DeployedModel } from "./deploy-results.ts";
import type { BlockedIssues } from "./keep-blocked-issues.ts";

/** Tells merged pull requests, in their report's comment, what is in production since, or why it is not. */
export async function tellMerged(
  action: Action,
  results: readonly DeployedModel[],
  issues: BlockedIssues,
): Promise<number> {
  const github = await action.github();
  const { runUrl } = await action.context();
  const folder = modelsFolder(action.env);
  const told = results.filter(({ pullRequest }) => pullRequest !== null);
  let count = 0;
  for (const [pullRequest, own] of Map.groupBy(told, (each) => each.pullRequest ?? 0)) {
    const body = await findReportComment(github, pullRequest, folder);
    if (body === null) continue; // nobody reads there
    const lines = new Map(own.map((each) => [each.model, lineOf(each, runUrl, issues)]));
    const text = withOutcomes(body, folder, lines);
    const sticky = {
      pullRequest,
      marker: reportMarker(folder),
      body: () => text,
      elsewhere: elsewhereOf(runUrl),
      onlyUpdate: true,
    };
    const outcome = await orForbidden(() => upsertComment(github, sticky));
    if (outcome === "forbidden")
      action.log.warn(`#${pullRequest} could not be told: give the job pull-requests: write`);
    else count += 1;
  }
  return count;
}

function lineOf(result: DeployedModel, runUrl: string, issues: BlockedIssues): string {
  const { model } = result;
  const run = `[run](${runUrl})`;
  if (result.state === "deployed") {
    const since = `${result.since.slice(0, 16).replace("T", " ")} UTC`;
    const { environment } = result;
    const undo = `mergeml rollback ${model}${environment === "production" ? "" : ` --environment ${environment}`}`;
    return `**${model} v${result.version} is in ${environment}** since ${since} (${run}); undo: \`${undo}\``;
  }
  const why = escapeSentence(result.why);
  if (result.state === "nothing to deploy") return `**${model}: nothing to deploy**: ${why} (${run})`;
  const issue = issues.get(model);
  const about = issue && "issue" in issue ? `, #${issue.issue}` : "";
  return `**${model} is not deployed**: ${why} (${run}${about})`;
}
