import { type Answer, json } from "./answer.ts";
import { artifactRoute, type StoredArtifact } from "./artifact-routes.ts";
import { type CheckRun, checksOfCommit, keepCheck, keptCheck } from "./check-runs.ts";
import { type Deployment, deploymentRoute } from "./deployment-routes.ts";
import { withHeads } from "./pulls.ts";
import { type WorkflowRun, withRepository, workflowRunRoute } from "./workflow-runs.ts";

/** What the emulator lacks, with state: deployments, dispatches, pull requests of a commit, checks of a commit it does not know. */
export interface Added {
  deployments: Deployment[];
  dispatches: { event_type: string; client_payload: unknown }[];
  workflowDispatches: { workflow: string; ref: string; inputs: Record<string, string> }[];
  checks: CheckRun[];
  artifacts: StoredArtifact[];
  /** The jobs of any run, in full. */
  jobs: object[];
  /** Runs of workflows, the newest last, and the ids of those that were run again. */
  runs: WorkflowRun[];
  reruns: number[];
  /** The heads of pull requests by number: the emulator knows none of the commits that git really has. */
  heads: Map<number, { sha: string; repository: string }>;
  /** Answers `GET …/commits/<sha>/pulls`: numbers of pull requests with what is to be different in them. */
  pullsOfCommit: Map<string, { number: number; merged_at: string | null; merge_commit_sha: string }[]>;
  /** Answers `GET …/compare/<base>...<head>`: what they have in common, by head. */
  mergeBases: Map<string, string>;
  /** Answers `GET …/commits?path=`: the last commits that touched a path, which the emulator does not know of real repositories. */
  lastCommits: Map<string, string[]>;
  /** null for a route that the emulator has. */
  answer(asked: { method: string; url: string; text: string; server: string }): Answer | null;
  /** Sees what the emulator answered, and puts in what it cannot know. */
  amend(asked: { method: string; url: string; text: string }, body: string): string;
}

/** `repository` is the emulator's own, in full. */
export function addedRoutes(repository: object): Added {
  const added: Added = {
    deployments: [],
    dispatches: [],
    workflowDispatches: [],
    checks: [],
    artifacts: [],
    jobs: [],
    runs: [],
    reruns: [],
    heads: new Map(),
    pullsOfCommit: new Map(),
    lastCommits: new Map(),
    mergeBases: new Map(),
    answer({ method, url, text, server }) {
      const { pathname, searchParams: query } = new URL(url, "http://github");
      const base = /^\/repos\/[^/]+\/[^/]+/.exec(pathname)?.[0] ?? "";
      const path = pathname.slice(base.length);
      const asked = { method, path, base: server + base, query, text };
      if (path.startsWith("/deployments")) return deploymentRoute(added.deployments, asked);
      const run = workflowRunRoute(added.runs, added.reruns, asked);
      if (run) return { ...run, body: withRepository(`${run.body}`, repository) };
      return method === "GET" ? read(added, asked) : dispatch(added, asked);
    },
    amend({ method, url, text }, body) {
      if (method === "GET" && /\/pulls(\/\d+)?(\?|$)/.test(url)) return withHeads(body, added.heads, repository);
      const isCheck = ["POST", "PATCH"].includes(method) && /\/check-runs(\/\d+)?$/.test(url);
      return isCheck ? keepCheck(added.checks, text, body) : body;
    },
  };
  return added;
}

function read(
  { checks, artifacts, lastCommits, mergeBases, jobs }: Added,
  asked: { path: string; base: string; query: URLSearchParams },
): Answer | null {
  const { path, query } = asked;
  if (path === "/commits" && query.has("path"))
    return json(
      200,
      (lastCommits.get(query.get("path") ?? "") ?? []).map((sha) => commitAt(sha, asked.base)),
    );
  const [, compared] = /^\/compare\/.+\.\.\.([0-9a-f]{40})$/.exec(path) ?? [];
  if (compared) return comparison(asked.base + path, asked.base, mergeBases.get(compared) ?? compared);
  if (/^\/actions\/runs\/\d+\/jobs$/.test(path)) return json(200, { total_count: jobs.length, jobs });
  const [, sha] = /^\/commits\/([0-9a-f]{40})\/check-runs$/.exec(path) ?? [];
  if (sha) return checksOfCommit(checks, sha, query);
  const [, id] = /^\/check-runs\/(\d+)$/.exec(path) ?? [];
  return id ? keptCheck(checks, Number(id)) : artifactRoute(artifacts, asked);
}

function comparison(url: string, base: string, common: string): Answer {
  const commit = commitAt(common, base);
  const pages = { url, html_url: url, permalink_url: url, diff_url: url, patch_url: url };
  const counts = { status: "ahead", ahead_by: 1, behind_by: 0, total_commits: 1, commits: [] };
  return json(200, { ...pages, base_commit: commit, merge_base_commit: commit, ...counts });
}

function commitAt(sha: string, base: string): object {
  const [url, who] = [
    `${base}/commits/${sha}`,
    { name: "Ada", email: "ada@example.org", date: "2026-01-01T00:00:00Z" },
  ];
  const tree = { sha, url: `${base}/git/trees/${sha}` };
  const commit = { url, author: who, committer: who, message: "Change it", tree, comment_count: 0 };
  const found = { url, sha, node_id: "C_1", html_url: url, comments_url: `${url}/comments`, commit };
  return { ...found, author: null, committer: null, parents: [] };
}

function dispatch(
  { dispatches, workflowDispatches }: Added,
  { method, path, text }: { method: string; path: string; text: string },
): Answer | null {
  const [, workflow] = /^\/actions\/workflows\/([^/]+)\/dispatches$/.exec(path) ?? [];
  if (method !== "POST" || (path !== "/dispatches" && !workflow)) return null;
  const given = JSON.parse(text);
  if (workflow) workflowDispatches.push({ workflow, ref: given.ref, inputs: given.inputs ?? {} });
  else dispatches.push(given);
  return { status: 204, body: "" };
}
