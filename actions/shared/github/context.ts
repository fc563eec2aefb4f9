import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../../../pipelines/errors/expected-error.ts";
import { modelsFolder } from "../repository-path.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Where a run is. All of it comes from the environment, so that any server that speaks GitHub's API will do. */
export interface GitHubContext {
  apiUrl: string;
  serverUrl: string;
  owner: string;
  repo: string;
  /** The commit of the run: in a pull request, its merge with the base branch. */
  sha: string;
  eventName: string;
  runId: number;
  runUrl: string;
  /** File of the workflow that judges pull requests. */
  checkWorkflow: string;
  pullRequest: PullRequestContext | null;
  /** The commit that the merge queue made, and what it is to be merged onto. */
  mergeGroup: { headSha: string; baseSha: string } | null;
  /** The run that `workflow_run` tells of. */
  workflowRun: FinishedRun | null;
}

export interface FinishedRun {
  id: number;
  headSha: string;
  headRepository: string;
  event: string;
  attempt: number;
  /** As GitHub has it: success, failure, cancelled, … */
  conclusion: string;
}

export interface PullRequestContext {
  number: number;
  headSha: string;
  /** From another repository, or of Dependabot: its token may only read. */
  readOnly: boolean;
}

/** Reads the variables and the event file that GitHub sets for every step. Throws UserError outside a workflow. */
export async function readContext(env: Environment): Promise<GitHubContext> {
  const [owner = "", repo = ""] = required(env, "GITHUB_REPOSITORY").split("/").slice(-2);
  const serverUrl = required(env, "GITHUB_SERVER_URL").replace(/\/$/, "");
  const event = await readEvent(env.GITHUB_EVENT_PATH);
  const runId = Number(env.GITHUB_RUN_ID ?? 0);
  const fullName = `${owner}/${repo}`;
  return {
    apiUrl: required(env, "GITHUB_API_URL").replace(/\/$/, ""),
    serverUrl,
    owner,
    repo,
    sha: env.GITHUB_SHA ?? "",
    eventName: env.GITHUB_EVENT_NAME ?? "",
    runId,
    runUrl: `${serverUrl}/${fullName}/actions/runs/${runId}`,
    checkWorkflow: checkWorkflowOf(env),
    pullRequest: pullRequestOf(event, fullName, env.GITHUB_ACTOR),
    mergeGroup: mergeGroupOf(event),
    workflowRun: workflowRunOf(event),
  };
}

/** A second folder of models in one repository has workflows of its own beside those of the first. */
function checkWorkflowOf(env: Environment): string {
  const own = `model-pr-${modelsFolder(env).replaceAll("/", "-")}.yml`;
  const isThere = existsSync(join(env.GITHUB_WORKSPACE ?? ".", ".github/workflows", own));
  return isThere ? own : "model-pr.yml";
}

function required(env: Environment, name: string): string {
  const value = env[name];
  if (value) return value;
  throw new UserError({
    message: `${name} is not set`,
    hint: "mergeml's actions run in GitHub Actions; on a terminal use the mergeml command",
  });
}

async function readEvent(path: string | undefined): Promise<unknown> {
  if (!path) return {};
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    const message = `the event file ${path} cannot be read: ${(cause as Error).message}`;
    throw new UserError({ message, hint: "GITHUB_EVENT_PATH names a JSON file that the runner writes" }, { cause });
  }
}

/** A property of untrusted JSON, however deep; undefined when the way there is not what was expected. */
function at(value: unknown, ...path: string[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (typeof inner === "object" && inner !== null ? (inner as Record<string, unknown>)[key] : undefined),
    value,
  );
}

function pullRequestOf(event: unknown, fullName: string, actor: string | undefined): PullRequestContext | null {
  const number = at(event, "pull_request", "number");
  const headSha = at(event, "pull_request", "head", "sha");
  if (typeof number !== "number" || typeof headSha !== "string") return null;
  const head = at(event, "pull_request", "head", "repo", "full_name");
  // The repository of a deleted fork is null: then nothing shows that it is ours.
  return { number, headSha, readOnly: head !== fullName || actor === "dependabot[bot]" };
}

function mergeGroupOf(event: unknown): GitHubContext["mergeGroup"] {
  const headSha = at(event, "merge_group", "head_sha");
  const baseSha = at(event, "merge_group", "base_sha");
  return typeof headSha === "string" && typeof baseSha === "string" ? { headSha, baseSha } : null;
}

function workflowRunOf(event: unknown): GitHubContext["workflowRun"] {
  const id = at(event, "workflow_run", "id");
  const headSha = at(event, "workflow_run", "head_sha");
  if (typeof id !== "number" || typeof headSha !== "string") return null;
  const headRepository = String(at(event, "workflow_run", "head_repository", "full_name") ?? "");
  const attempt = Number(at(event, "workflow_run", "run_attempt") ?? 1);
  const told = (key: string) => String(at(event, "workflow_run", key) ?? "");
  return { id, headSha, headRepository, event: told("event"), attempt, conclusion: told("conclusion") };
}
