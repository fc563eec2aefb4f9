import { escapeMarkdown, escapeSentence } from "../../pipelines/errors/inert-markdown.ts";
import { needsRun, planModels } from "../../pipelines/plan.ts";
import type { Snapshot } from "../../pipelines/registry/snapshot.ts";
import { decideBlockedNotice } from "../../pipelines/watch/notice/blocked-memory.ts";
import type { Workspace } from "../../pipelines/workspace/workspace.ts";
import type { Action } from "../shared/action.ts";
import { applyBlockedNotice, listBlockedIssues } from "../shared/github/blocked-issue.ts";
import type { IssueOutcome } from "../shared/github/kept-issue.ts";
import type { DeployedModel } from "./deploy-results.ts";

/** What became of the issues, by model. */
export type BlockedIssues = ReadonlyMap<string, IssueOutcome>;

/** Keeps an issue for each model that is blocked on the main branch, and closes those of models of which nothing waits any more. */
export async function keepBlockedIssues(
  action: Action,
  workspace: Workspace,
  snapshot: Snapshot,
  results: readonly DeployedModel[],
): Promise<BlockedIssues> {
  const github = await action.github();
  const { runUrl } = await action.context();
  const known = await listBlockedIssues(github);
  const done = new Map<string, IssueOutcome>();
  const keep = async (model: string, result: DeployedModel | null) => {
    const blocked = result?.state === "blocked" ? { definition: result.definition } : null;
    const issues = known.get(model) ?? [];
    const notice = decideBlockedNotice({ model, blocked }, issues);
    const text = blockedText(model, result, runUrl);
    done.set(model, await applyBlockedNotice(github, notice, { known: issues, text, owner: result?.owner ?? null }));
  };
  for (const result of results) await keep(result.model, result);
  const open = [...known].filter(([model, issues]) => !done.has(model) && issues.some((each) => each.open));
  const left = open.map(([model]) => model);
  const { entries } = left.length > 0 ? await planModels(workspace, left, Promise.resolve(snapshot)) : { entries: [] };
  const waiting = new Set(
    entries.filter((each) => needsRun(each) || each.state === "invalid").map(({ model }) => model),
  );
  for (const model of left.filter((each) => !waiting.has(each))) await keep(model, null);
  for (const [model, outcome] of done)
    if (outcome.state === "off" && results.some((each) => each.model === model && each.state === "blocked"))
      action.log.warn(`${model}: its issue could not be written: give the job issues: write`);
  return done;
}

function blockedText(model: string, result: DeployedModel | null, runUrl: string) {
  const name = escapeMarkdown(model, 60);
  const over =
    result?.state === "deployed" ? `v${result.version} is in production` : "nothing of it waits to be deployed";
  const comment = `Closed by mergeml: ${over} ([run](${runUrl})).`;
  const marker = `blocked over ${runUrl.split("/").at(-1)}`;
  if (result?.state !== "blocked") return { title: `${model} is not deployed`, body: "", comment, marker };
  const from = result.pullRequest === null ? "" : ` It came with #${result.pullRequest}.`;
  const body = [
    `**${name} on the main branch is not in production: ${escapeSentence(result.why)}**${from} What was in production stays there.`,
    `[The run](${runUrl}) has its verdict with every metric.`,
    "**Ways out**",
    [
      `1. Change the model in a pull request (params, features, data), whose comment compares it with production: \`mergeml run ${model}\` shows the same here.`,
      result.pullRequest === null
        ? "2. Revert the commit that brought it, so that the main branch is what production is."
        : `2. Revert #${result.pullRequest}, so that the main branch is what production is.`,
      "3. If the limit is wrong, change it under `thresholds` in a pull request; or waive the check for a time, with a reason: `thresholds.waive`.",
    ].join("\n"),
    "This issue is kept up to date, and closes itself once the model is deployed or is production's again. Close it to say that you know; another change that is blocked opens a new one.",
  ].join("\n\n");
  return { title: `${model} is not deployed: ${result.why}`, body, comment, marker };
}
