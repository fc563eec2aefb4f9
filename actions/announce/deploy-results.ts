import type { Problem } from "../../pipelines/errors/user-error.ts";
import { needsRun, planModels } from "../../pipelines/plan.ts";
import type { Snapshot } from "../../pipelines/registry/snapshot.ts";
import { definitionOf, readModels } from "../../pipelines/workspace/read-models.ts";
import type { Workspace } from "../../pipelines/workspace/workspace.ts";
import type { Action } from "../shared/action.ts";
import { pullRequestOfModel } from "../shared/pull-request-of-model.ts";
import { supersededBy } from "../shared/superseded.ts";
import { downloadVerdicts } from "../shared/verdict-bundle.ts";

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
