import { EnvironmentError } from "../../../pipelines/errors/expected-error.ts";
import { createdOnce, type GitHub, orForbidden, refused, statusOf } from "./client.ts";

/** What is in production of a model, as the repository's Deployments show it. */
export interface ModelDeployment {
  model: string;
  /** null: nothing is in production any more. */
  version: number | null;
  /** Commit on the registry branch. */
  commit: string;
  environment: string;
  description: string;
  logUrl: string;
}

/** What became of the Deployment, and of the `repository_dispatch` that tells serving. */
export interface Announced {
  deployment: "recorded" | "unchanged" | "forbidden";
  dispatch: "sent" | "forbidden" | "none";
}

type State = "in_progress" | "success" | "failure" | "inactive";

interface Recorded {
  id: number;
  payload: unknown;
}

const task = "deploy:model";

/**
 * Records what is in production as a GitHub Deployment and tells serving: the Deployment is in progress until serving was
 * told, then a success, which makes the earlier one inactive, or a failure. The same state is not announced twice, whoever
 * asks first; one that failed or was left in progress is. A dispatch is never repeated by itself: when its answer is lost,
 * the Deployment fails and EnvironmentError is thrown.
 */
export async function announceDeployment(github: GitHub, deployment: ModelDeployment): Promise<Announced> {
  try {
    const announced = await orForbidden(() => announce(github, deployment));
    return announced === "forbidden" ? { deployment: "forbidden", dispatch: "none" } : announced;
  } catch (error) {
    const isRefused = [409, 422].includes(statusOf(error) ?? 0);
    throw isRefused ? refused(error, `the Deployment of ${deployment.model}`) : error;
  }
}

async function announce(github: GitHub, deployment: ModelDeployment): Promise<Announced> {
  const [latest, ...earlier] = await listDeployments(github, deployment);
  if (latest && isOf(latest, deployment)) return resume(github, latest, earlier[0], deployment);
  if (deployment.version === null) return latest ? retire(github, latest, deployment) : unchanged;
  return carryOut(github, await create(github, deployment), latest, deployment);
}

const unchanged: Announced = { deployment: "unchanged", dispatch: "none" };

/** Newest first. */
async function listDeployments(
  { octokit, owner, repo }: GitHub,
  deployment: ModelDeployment,
): Promise<readonly Recorded[]> {
  const request = { owner, repo, environment: environmentOf(deployment), per_page: 5 };
  return (await octokit.rest.repos.listDeployments(request)).data;
}

/** A job that died, or could not tell serving, left it unfinished. */
async function resume(
  github: GitHub,
  latest: Recorded,
  earlier: Recorded | undefined,
  deployment: ModelDeployment,
): Promise<Announced> {
  const state = await stateOf(github, latest.id);
  return state === "success" || state === "inactive" ? unchanged : carryOut(github, latest, earlier, deployment);
}

/** Nothing is in production any more: serving is told first, so that a lost dispatch is made up for by the next run. */
async function retire(github: GitHub, latest: Recorded, deployment: ModelDeployment): Promise<Announced> {
  if ((await stateOf(github, latest.id)) === "inactive") return unchanged;
  const dispatch = await dispatchDeployed(github, deployment, latest.id);
  await setState(github, latest.id, "inactive", deployment);
  return { deployment: "recorded", dispatch };
}

async function create(github: GitHub, deployment: ModelDeployment): Promise<Recorded> {
  const { octokit, owner, repo } = github;
  const request = {
    owner,
    repo,
    ref: deployment.commit,
    task,
    environment: environmentOf(deployment),
    description: deployment.description.slice(0, 140),
    payload: payloadOf(deployment),
    auto_merge: false,
    required_contexts: [],
  };
  return createdOnce(github, {
    create: async () => {
      const { data } = await octokit.rest.repos.createDeployment(request);
      if (!("id" in data)) throw new Error(`GitHub did not create a deployment: ${data.message}`);
      return data;
    },
    find: async () => (await listDeployments(github, deployment)).find((each) => isOf(each, deployment)) ?? null,
  });
}

async function carryOut(
  github: GitHub,
  { id }: Recorded,
  earlier: Recorded | undefined,
  deployment: ModelDeployment,
): Promise<Announced> {
  await setState(github, id, "in_progress", deployment);
  let dispatch: Announced["dispatch"];
  try {
    dispatch = await dispatchDeployed(github, deployment, id);
  } catch (error) {
    const failed = { ...deployment, description: "serving may not have been told; the next run tells it again" };
    await setState(github, id, "failure", failed).catch((second) => {
      if (!(second instanceof EnvironmentError)) throw second;
    });
    throw error;
  }
  await setState(github, id, "success", deployment);
  if (earlier) await retireAbandoned(github, earlier.id, deployment);
  return { deployment: "recorded", dispatch };
}

/** The new success made an earlier success inactive; one that was left in progress would stay so for ever. */
async function retireAbandoned(github: GitHub, id: number, deployment: ModelDeployment): Promise<void> {
  const state = await stateOf(github, id);
  if (state === "in_progress" || state === "pending" || state === "queued")
    await setState(github, id, "inactive", { ...deployment, description: "left unfinished" });
}

/** The latest state; null before the first. */
async function stateOf({ octokit, owner, repo }: GitHub, id: number): Promise<string | null> {
  const request = { owner, repo, deployment_id: id, per_page: 1 };
  return (await octokit.rest.repos.listDeploymentStatuses(request)).data[0]?.state ?? null;
}

/** Asking for the same state twice only lists it twice, so that a lost answer may be asked for again. */
async function setState(
  github: GitHub,
  id: number,
  state: State,
  { description, logUrl }: ModelDeployment,
): Promise<void> {
  const { octokit, owner, repo } = github;
  const status = { state, description: description.slice(0, 140), log_url: logUrl, auto_inactive: true };
  await createdOnce<unknown>(github, {
    create: () => octokit.rest.repos.createDeploymentStatus({ owner, repo, deployment_id: id, ...status }),
    find: async () => ((await stateOf(github, id)) === state ? true : null),
  });
}

/** Tells serving what is in production now: a `repository_dispatch` of the type `mergeml-deployed`. */
async function dispatchDeployed(
  { octokit, owner, repo }: GitHub,
  deployment: ModelDeployment,
  id: number,
): Promise<"sent" | "forbidden"> {
  return orForbidden<"sent">(async () => {
    const client_payload = { ...payloadOf(deployment), environment: deployment.environment, deployment: id };
    await octokit.rest.repos.createDispatchEvent({ owner, repo, event_type: "mergeml-deployed", client_payload });
    return "sent";
  });
}

function environmentOf({ environment, model }: ModelDeployment): string {
  return `${environment}/${model}`;
}

function payloadOf({ model, version, commit }: ModelDeployment) {
  return { model, version, registry_commit: commit };
}

/** GitHub returns the payload as it was given, or as text. */
function isOf({ payload }: Recorded, { version, commit }: ModelDeployment): boolean {
  const read = (typeof payload === "string" ? parse(payload) : payload) as Record<string, unknown> | null;
  return read?.version === version && read?.registry_commit === commit;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
