import { EnvironmentError } from "../../../pipelines/errors/expected-error.ts";
import { createdOnce, type GitHub, isForbidden, orForbidden } from "./client.ts";
import type { ModelDeployment } from "./deployment.ts";

/** So many models are one Deployment, whose payload names each. */
const most = 100;
const task = "deploy:models";

/** What became of a model's notice. */
type BatchOutcome = "recorded" | "unchanged" | "failed" | "forbidden";

/** A model as a Deployment's payload has it. */
interface Named {
  model: string;
  version: number | null;
  registry_commit: string;
}

interface Batch {
  environment: string;
  /** Commit of the registry branch. */
  tip: string;
  logUrl: string;
}

/**
 * Records what is in production of many models, a hundred a Deployment, and tells serving with one `repository_dispatch` each,
 * whose payload has `models`. Six requests for each of them: one by one, 300 models would take more than the 1,000 requests that a
 * workflow's token has in an hour. The same state is told once; outcomes are by model.
 */
export async function announceTogether(
  github: GitHub,
  deployments: readonly ModelDeployment[],
  batch: Batch,
): Promise<Map<string, BatchOutcome>> {
  const outcomes = new Map<string, BatchOutcome>();
  const told = await orForbidden(() => toldBefore(github, batch.environment));
  const wanted = deployments.map(({ model, version, commit }) => ({ model, version, registry_commit: commit }));
  if (told === "forbidden") return new Map(wanted.map(({ model }) => [model, "forbidden"]));
  const news = wanted.filter((each) => {
    const before = told.get(each.model);
    const isTold = before?.version === each.version && before.registry_commit === each.registry_commit;
    if (isTold) outcomes.set(each.model, "unchanged");
    return !isTold;
  });
  for (let at = 0; at < news.length; at += most) {
    const models = news.slice(at, at + most);
    const outcome = await record(github, models, batch);
    for (const { model } of models) outcomes.set(model, outcome);
  }
  return outcomes;
}

/** What the Deployments of this kind that succeeded say of each model, the newest first. */
async function toldBefore(github: GitHub, environment: string): Promise<Map<string, Named>> {
  const { octokit, owner, repo } = github;
  const { data } = await octokit.rest.repos.listDeployments({ owner, repo, environment, task, per_page: 20 });
  const told = new Map<string, Named>();
  for (const { id, payload } of data) {
    const fresh = namedIn(payload).filter(({ model }) => !told.has(model));
    if (fresh.length === 0) continue;
    const request = { owner, repo, deployment_id: id, per_page: 1 };
    const state = (await octokit.rest.repos.listDeploymentStatuses(request)).data[0]?.state;
    if (state === "success" || state === "inactive") for (const each of fresh) told.set(each.model, each);
  }
  return told;
}

async function record(github: GitHub, models: readonly Named[], batch: Batch): Promise<BatchOutcome> {
  try {
    return await orForbidden<BatchOutcome>(() => carryOutBatch(github, models, batch));
  } catch (error) {
    if (error instanceof EnvironmentError) return "failed"; // the next run tells it again
    throw error;
  }
}

async function carryOutBatch(github: GitHub, models: readonly Named[], batch: Batch): Promise<BatchOutcome> {
  const { octokit, owner, repo } = github;
  const { environment, tip, logUrl } = batch;
  const description = `${models.length} models: ${models.map(({ model }) => model).join(", ")}`.slice(0, 140);
  const facts = { owner, repo, ref: tip, task, environment, description, auto_merge: false, required_contexts: [] };
  const id = await createdOnce(github, {
    create: async () => {
      const { data } = await octokit.rest.repos.createDeployment({ ...facts, payload: { models } });
      if (!("id" in data)) throw new Error(`GitHub did not create a deployment: ${data.message}`);
      return data.id;
    },
    find: async () => {
      const { data } = await octokit.rest.repos.listDeployments({ owner, repo, environment, task, per_page: 5 });
      return data.find(({ payload }) => isSameList(namedIn(payload), models))?.id ?? null;
    },
  });
  // Not auto_inactive: what an earlier one says of other models is still so.
  const setState = (state: "in_progress" | "success" | "failure") =>
    octokit.rest.repos.createDeploymentStatus({
      ...{ owner, repo, deployment_id: id, state, description, log_url: logUrl, auto_inactive: false },
    });
  try {
    const client_payload = { models, environment, deployment: id };
    await octokit.rest.repos.createDispatchEvent({ owner, repo, event_type: "mergeml-deployed", client_payload });
  } catch (error) {
    await setState("failure");
    throw error;
  }
  await setState("success");
  return "recorded";
}

function namedIn(payload: unknown): Named[] {
  const read = (typeof payload === "string" ? parsed(payload) : payload) as { models?: unknown } | null;
  return Array.isArray(read?.models) ? (read.models as Named[]).filter((each) => typeof each?.model === "string") : [];
}

function isSameList(one: readonly Named[], other: readonly Named[]): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** A workflow of a branch, by its file, and since when its runs count. */
interface CountedRuns {
  workflow: string;
  branch: string;
  since: Date;
}

/**
 * Commits pushed to the branch whose run of the workflow succeeded, newest first, as GitHub recorded it: a run of a pull request
 * or of a fork, whose branch may have the same name, is none of them. None when the token may not ask.
 */
export async function soundCommits(
  { octokit, owner, repo }: GitHub,
  { workflow, branch, since }: CountedRuns,
): Promise<string[]> {
  const query = { owner, repo, workflow_id: workflow, branch, event: "push", status: "success" } as const;
  try {
    const { data } = await octokit.rest.actions.listWorkflowRuns({ ...query, per_page: 50 });
    const own = data.workflow_runs.filter(
      ({ event, head_branch, head_repository, created_at }) =>
        event === "push" &&
        head_branch === branch &&
        head_repository.full_name === `${owner}/${repo}` &&
        new Date(created_at) >= since,
    );
    return own.map(({ head_sha }) => head_sha);
  } catch (error) {
    if (isForbidden(error)) return [];
    throw error;
  }
}
