import { EnvironmentError, UserError } from "../../pipelines/errors/expected-error.ts";
import type { Snapshot } from "../../pipelines/registry/snapshot.ts";
import { DamageError } from "../../pipelines/registry/version-record.ts";
import type { Workspace } from "../../pipelines/workspace/workspace.ts";
import { type Action, appendJobSummary, runAction } from "../shared/action.ts";
import { announceDeployment, type ModelDeployment } from "../shared/github/deployment.ts";
import { announceTogether, soundCommits } from "../shared/github/deployment-batch.ts";
import { movedElsewhere, movedProductions } from "../shared/moved-productions.ts";

/** Above so many models are told together, not one by one. */
const mostAlone = 20;

/** What became of a model's notice; `damaged`: what is in production of it cannot be read. */
type Told = { model: string; version: number | null; deployment: string; dispatch: string };

/** Where models run; `label` is what their Deployments call that. */
interface Place {
  environment: string;
  label: string;
}

async function notify(action: Action): Promise<void> {
  const workspace = await action.workspace();
  const wrong: unknown[] = action.flag("verify") ? await findDamage(action, workspace) : [];
  const snapshot = await workspace.registry.snapshot({ fetch: true });
  const named = action.list("models");
  const given = action.input("environment") || "production";
  const { environments } = workspace.repository;
  const here = { environment: environments.includes(given) ? given : "production", label: given };
  const groups: { place: Place; models: readonly string[] }[] = [];
  if (named.length > 0) groups.push({ place: here, models: named });
  else {
    const since = action.input("since");
    const label = environments.includes(given) ? "production" : given;
    const models = await movedProductions(workspace, snapshot, since);
    groups.push({ place: { environment: "production", label }, models });
    for (const [environment, moved] of await movedElsewhere(workspace, snapshot, since))
      groups.push({ place: { environment, label: environment }, models: moved });
  }
  const told: Told[] = [];
  const lines: string[] = [];
  for (const { place, models } of groups) {
    const tell = models.length > mostAlone ? tellTogether : tellEach;
    const ofGroup = await tell(action, workspace, snapshot, { models, wrong, place });
    told.push(...ofGroup);
    lines.push(...ofGroup.map((each) => `- ${each.model}: ${inWords(each, place)}`));
  }
  action.output("recorded", JSON.stringify(told));
  if (lines.length > 0) await appendJobSummary(action.env, `### Production\n\n${lines.join("\n")}\n`);
  // Only now: who found the branch damaged must not keep anybody from being told what is in production.
  const problems = wrong.flatMap((each) => (each instanceof UserError ? each.problems : []));
  const [other] = wrong.filter((each) => !(each instanceof UserError));
  if (other !== undefined) throw other;
  if (problems.length > 0) throw new UserError(problems);
}

interface ToTell {
  models: readonly string[];
  wrong: unknown[];
  place: Place;
}

async function tellEach(
  action: Action,
  workspace: Workspace,
  snapshot: Snapshot,
  { models, wrong, place }: ToTell,
): Promise<Told[]> {
  const told: Told[] = [];
  for (const model of models) told.push(await tellOrKeep(action, workspace, snapshot, { model, wrong, place }));
  return told;
}

/** More models than GitHub's hourly limit has room for, one by one. */
async function tellTogether(
  action: Action,
  workspace: Workspace,
  snapshot: Snapshot,
  { models, wrong, place }: ToTell,
): Promise<Told[]> {
  const [deployments, damaged]: [ModelDeployment[], Told[]] = [[], []];
  for (const model of models) {
    try {
      deployments.push(await stateOf(action, workspace, snapshot, model, place));
    } catch (error) {
      if (!(error instanceof DamageError)) throw error;
      wrong.push(error);
      damaged.push({ model, version: null, deployment: "damaged", dispatch: "none" });
    }
  }
  const { runUrl } = await action.context();
  const batch = { environment: place.label, tip: snapshot.tip ?? "", logUrl: runUrl };
  const outcomes = await announceTogether(await action.github(), deployments, batch);
  for (const outcome of ["failed", "forbidden"] as const) {
    const count = [...outcomes.values()].filter((each) => each === outcome).length;
    if (count > 0) action.log.warn(`GitHub was not told of ${count} models: ${outcome}`);
  }
  const told = deployments.map(({ model, version }) => {
    const deployment = outcomes.get(model) ?? "failed";
    return { model, version, deployment, dispatch: deployment === "recorded" ? "sent" : "none" };
  });
  action.log.info(`${told.filter(({ dispatch }) => dispatch === "sent").length} of ${told.length} models were news`);
  return [...told, ...damaged];
}

function inWords({ version, deployment }: Told, { environment }: Place): string {
  if (deployment === "damaged") return `what is in ${environment} cannot be read`;
  return `${version === null ? "nothing" : `v${version}`} in ${environment}`;
}

/** A deploy that is done is not undone by a lost notice: it is said, and the next run records what is missing. */
async function tellOrKeep(
  action: Action,
  workspace: Workspace,
  snapshot: Snapshot,
  { model, wrong, place }: Omit<ToTell, "models"> & { model: string },
): Promise<Told> {
  try {
    return await tell(action, workspace, snapshot, model, place);
  } catch (error) {
    if (error instanceof DamageError) {
      wrong.push(error);
      return { model, version: null, deployment: "damaged", dispatch: "none" };
    }
    if (!(error instanceof EnvironmentError)) throw error;
    action.log.warn(`${model}: GitHub was not told what is in ${place.environment}: ${error.message}`);
    const version = (await snapshot.pointer(model, place.environment))?.version ?? null;
    return { model, version, deployment: "failed", dispatch: "none" };
  }
}

/** What the token may not do is said and left out. */
async function tell(
  action: Action,
  workspace: Workspace,
  snapshot: Snapshot,
  model: string,
  place: Place,
): Promise<Told> {
  const state = await stateOf(action, workspace, snapshot, model, place);
  const { version, description } = state;
  const { deployment, dispatch } = await announceDeployment(await action.github(), state);
  action.log.info(`${model}: ${description}; deployment ${deployment}, dispatch ${dispatch}`);
  if (deployment === "forbidden")
    action.log.warn(`the token may not record deployments of ${model}: give the job deployments: write`);
  return { model, version, deployment, dispatch };
}

/** What runs of a model, as a Deployment says it. */
async function stateOf(
  action: Action,
  { registry }: Workspace,
  snapshot: Snapshot,
  model: string,
  { environment, label }: Place,
): Promise<ModelDeployment> {
  const last = (await registry.deployments(model, snapshot, environment)).moves.at(-1);
  const { runUrl } = await action.context();
  const version = (await snapshot.pointer(model, environment))?.version ?? null;
  const commit = last?.commit ?? snapshot.tip ?? "";
  const description =
    version === null ? `nothing is in ${environment}` : `v${version} is in ${environment}, by ${last?.by ?? "?"}`;
  return { model, version, commit, environment: label, description, logUrl: runUrl };
}

/** What is wrong with the branch, or why that cannot be told. */
async function findDamage(action: Action, { registry, repository, clock }: Workspace): Promise<unknown[]> {
  try {
    const { problems, since } = await registry.verify({
      since: await verifiedToday(action, registry, repository, clock),
    });
    action.log.info(since === null ? "verified: the whole branch" : `verified: what came after ${since.slice(0, 10)}`);
    const hint = "see: mergeml verify";
    return problems.length > 0 ? [new UserError(problems.map((problem) => ({ hint, ...problem })))] : [];
  } catch (error) {
    return [error];
  }
}

/**
 * The newest commit of the branch that a run of this workflow found sound today, so that only what came after it is checked;
 * null for everything, which the first push of a day checks.
 */
async function verifiedToday(
  action: Action,
  registry: Workspace["registry"],
  { registry: branch }: Workspace["repository"],
  clock: Workspace["clock"],
): Promise<string | null> {
  const { GITHUB_EVENT_NAME: event, GITHUB_WORKFLOW_REF: ref = "" } = action.env;
  const [, workflow] = /^[^/]+\/[^/]+\/\.github\/workflows\/([\w.-]+)@/.exec(ref) ?? [];
  if (event !== "push" || workflow === undefined || !ref.endsWith(`@refs/heads/${branch}`)) return null;
  const since = new Date(`${clock.now().toISOString().slice(0, 10)}T00:00:00Z`);
  await registry.snapshot({ fetch: true });
  return registry.firstOf(await soundCommits(await action.github(), { workflow, branch, since }));
}

await runAction(notify);
