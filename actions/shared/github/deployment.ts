import type { GitHub } from "./client.ts";
import { orForbidden } from "./failure.ts";

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

export type DeploymentOutcome = "recorded" | "unchanged" | "forbidden";

/**
 * Records what is in production as a GitHub Deployment with the status `success`, which makes earlier ones of the
 * environment inactive. The same state is not recorded twice, whoever asks first.
 */
export async function recordDeployment(github: GitHub, deployment: ModelDeployment): Promise<DeploymentOutcome> {
  const { octokit, owner, repo } = github;
  const { model, version, commit, environment } = deployment;
  const name = `${environment}/${model}`;
  return orForbidden(async () => {
    const { data } = await octokit.rest.repos.listDeployments({ owner, repo, environment: name, per_page: 1 });
    const [latest] = data;
    const payload = { model, version, registry_commit: commit };
    if (latest && samePayload(latest.payload, payload)) return complete(github, latest.id, deployment);
    if (version === null) return latest ? retire(github, latest.id, deployment) : "unchanged";
    const created = await octokit.rest.repos.createDeployment({
      owner,
      repo,
      ref: commit,
      task: "deploy:model",
      environment: name,
      description: deployment.description.slice(0, 140),
      payload,
      auto_merge: false,
      required_contexts: [],
    });
    if (!("id" in created.data)) throw new Error(`GitHub did not create a deployment: ${created.data.message}`);
    await setStatus(github, created.data.id, "success", deployment);
    return "recorded";
  });
}

/** A job that died between a deployment and its status left it without one. */
async function complete(github: GitHub, id: number, deployment: ModelDeployment): Promise<DeploymentOutcome> {
  const { octokit, owner, repo } = github;
  const { data } = await octokit.rest.repos.listDeploymentStatuses({ owner, repo, deployment_id: id, per_page: 1 });
  if (data.length > 0) return "unchanged";
  await setStatus(github, id, "success", deployment);
  return "recorded";
}

async function retire(github: GitHub, id: number, deployment: ModelDeployment): Promise<DeploymentOutcome> {
  const { octokit, owner, repo } = github;
  const { data } = await octokit.rest.repos.listDeploymentStatuses({ owner, repo, deployment_id: id, per_page: 1 });
  if (data[0]?.state === "inactive") return "unchanged";
  await setStatus(github, id, "inactive", deployment);
  return "recorded";
}

async function setStatus(
  { octokit, owner, repo }: GitHub,
  id: number,
  state: "success" | "inactive",
  { description, logUrl }: ModelDeployment,
): Promise<void> {
  await octokit.rest.repos.createDeploymentStatus({
    owner,
    repo,
    deployment_id: id,
    state,
    description: description.slice(0, 140),
    log_url: logUrl,
    auto_inactive: true,
  });
}

/** GitHub returns the payload as it was given, or as text. */
function samePayload(found: unknown, wanted: { version: number | null; registry_commit: string }): boolean {
  const read = typeof found === "string" ? parse(found) : found;
  const { version, registry_commit: commit } = (read ?? {}) as Record<string, unknown>;
  return version === wanted.version && commit === wanted.registry_commit;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Tells serving what is in production now: a `repository_dispatch` of the type `mergeml-deployed`. */
export async function dispatchDeployed(
  { octokit, owner, repo }: GitHub,
  { model, version, commit, environment }: ModelDeployment,
): Promise<"sent" | "forbidden"> {
  return orForbidden<"sent">(async () => {
    await octokit.rest.repos.createDispatchEvent({
      owner,
      repo,
      event_type: "mergeml-deployed",
      client_payload: { model, version, registry_commit: commit, environment },
    });
    return "sent";
  });
}
