import type { Problem } from "../../pipelines/errors/expected-error.ts";
import { escapeMarkdown, escapeSentence } from "../../pipelines/errors/inert-markdown.ts";
import { needsRun, planModels } from "../../pipelines/plan.ts";
import type { Snapshot } from "../../pipelines/registry/snapshot.ts";
import { decideBlockedNotice } from "../../pipelines/watch/notice/blocked-memory.ts";
import { definitionOf, readModels, type Workspace } from "../../pipelines/workspace/workspace.ts";
import type { Action } from "../shared/action.ts";
import { downloadVerdicts } from "../shared/bundles.ts";
import { orForbidden } from "../shared/github/client.ts";
import { upsertComment } from "../shared/github/comment.ts";
import { applyBlockedNotice, type IssueOutcome, listBlockedIssues } from "../shared/github/kept-issue.ts";
import { pullRequestOfModel } from "../shared/pull-request-of-model.ts";
import { elsewhereOf, findReportComment, reportMarker, withOutcomes } from "../shared/report-comment.ts";
import { modelsFolder } from "../shared/repository-path.ts";
import { supersededBy } from "../shared/superseded.ts";

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

/** What became of the issues, by model. */
type BlockedIssues = ReadonlyMap<string, IssueOutcome>;

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

/** What a deploy left of a model. */
export type DeployedModel = { model: string; owner: string | null; pullRequest: number | null } & (
  | { state: "deployed"; version: number; since: string; environment: string }
  /** `definition` is empty where the config cannot be read. */
  | { state: "blocked"; why: string; definition: string }
  | { state: "nothing to deploy"; why: string }
);

/**
 * What became of the models that this run was to deploy, and of those whose config is wrong. The registry says what is deployed;
 * only why something is not comes from the jobs. A model that a newer commit changes is left to that commit's run.
 */
export async function deployResults(
  action: Action,
  workspace: Workspace,
  snapshot: Snapshot,
): Promise<DeployedModel[]> {
  const planned = new Set(action.list("models"));
  const { entries, problems } = await planModels(workspace, undefined, Promise.resolve(snapshot));
  const wanted = entries.filter(({ model, state }) => planned.has(model) || state === "invalid");
  const { models } = await readModels(
    workspace,
    wanted.map(({ model }) => model),
  );
  const configs = new Map(models.map((model) => [model.config.name, model]));
  const verdicts = planned.size > 0 ? await downloadVerdicts(action) : new Map<string, never>();
  const results: DeployedModel[] = [];
  for (const entry of wanted) {
    const { model, state } = entry;
    const loaded = configs.get(model);
    if (!loaded) {
      const [why = "its config cannot be read"] = problems.flatMap((each) => ofModel(model, each));
      results.push({ model, owner: null, pullRequest: null, state: "blocked", why, definition: "" });
      continue;
    }
    const owner = loaded.config.owner ?? null;
    const definition = definitionOf(loaded);
    const environment = state === "unchanged" ? "production" : (workspace.repository.environments[0] ?? "production");
    const pointer = await snapshot.pointer(model, environment);
    if (pointer && (state === "unchanged" || (state === "registered" && pointer.version === entry.version))) {
      const { version, since, pull_request: pullRequest } = pointer;
      results.push({ model, owner, pullRequest, state: "deployed", version, since, environment });
      continue;
    }
    if (!needsRun(entry) || (await supersededBy(action, workspace, { config: loaded.config, definition })) !== null)
      continue;
    const pullRequest = await pullRequestOfModel(action, workspace, { config: loaded.config, definition });
    const verdict = verdicts.get(model);
    const why = verdict === undefined ? "its job gave no result: see its log" : notDeployed(verdict);
    if (verdict?.outcome === "identical") results.push({ model, owner, pullRequest, state: "nothing to deploy", why });
    else results.push({ model, owner, pullRequest, state: "blocked", why, definition: shortDefinition(definition) });
  }
  return results;
}

function notDeployed({ outcome, summary }: { outcome: string; summary: string }): string {
  return outcome === "pass" ? `it passed (${summary}), but was not registered: see its job's log` : summary;
}

function ofModel(model: string, { where, message, severity }: Problem): string[] {
  const isOwn = where?.file.startsWith(`models/${model}/`) && severity !== "warning";
  return isOwn ? [`${where?.file}:${where?.line}: ${message}`] : [];
}

function shortDefinition(definition: string): string {
  return definition.replace(/^[a-z0-9]+[:-]/, "").slice(0, 16);
}
