import { type Answer, json } from "./answer.ts";
import { artifactRoute, type StoredArtifact } from "./artifact-routes.ts";
import { type CheckRun, checksOfCommit, keepCheck, keptCheck } from "./check-runs.ts";
import { type Deployment, deploymentRoute } from "./deployment-routes.ts";

/** What the emulator lacks, with state: deployments, dispatches, pull requests of a commit, checks of a commit it does not know. */
export interface Added {
  deployments: Deployment[];
  dispatches: { event_type: string; client_payload: unknown }[];
  workflowDispatches: { workflow: string; ref: string; inputs: Record<string, string> }[];
  checks: CheckRun[];
  artifacts: StoredArtifact[];
  /** The heads of pull requests by number: the emulator knows none of the commits that git really has. */
  heads: Map<number, { sha: string; repository: string }>;
  /** Answers `GET …/commits/<sha>/pulls`. */
  pullsOfCommit: Map<string, unknown[]>;
  /** null for a route that the emulator has. */
  answer(method: string, url: string, text: string): Answer | null;
  /** Sees what the emulator answered, and puts in what it cannot know. */
  amend(asked: { method: string; url: string; text: string }, body: string): string;
}

export function addedRoutes(): Added {
  const added: Added = {
    deployments: [],
    dispatches: [],
    workflowDispatches: [],
    checks: [],
    artifacts: [],
    heads: new Map(),
    pullsOfCommit: new Map(),
    answer(method, url, text) {
      const { pathname, searchParams: query } = new URL(url, "http://github");
      const base = /^\/repos\/[^/]+\/[^/]+/.exec(pathname)?.[0] ?? "";
      const path = pathname.slice(base.length);
      const asked = { method, path, base: `http://github.test${base}`, query, text };
      if (path.startsWith("/deployments")) return deploymentRoute(added.deployments, asked);
      return method === "GET" ? read(added, path, query) : dispatch(added, asked);
    },
    amend({ method, url, text }, body) {
      if (method === "GET" && /\/pulls(\/\d+)?(\?|$)/.test(url)) return withHeads(body, added.heads);
      const isCheck = ["POST", "PATCH"].includes(method) && /\/check-runs(\/\d+)?$/.test(url);
      return isCheck ? keepCheck(added.checks, text, body) : body;
    },
  };
  return added;
}

function read({ pullsOfCommit, checks, artifacts }: Added, path: string, query: URLSearchParams): Answer | null {
  const [, sha = "", list] = /^\/commits\/([0-9a-f]{40})\/(pulls|check-runs)$/.exec(path) ?? [];
  if (list === "pulls") return json(200, pullsOfCommit.get(sha) ?? []);
  if (list === "check-runs") return checksOfCommit(checks, sha, query);
  const [, id] = /^\/check-runs\/(\d+)$/.exec(path) ?? [];
  return id ? keptCheck(checks, Number(id)) : artifactRoute(artifacts, path);
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

interface Pull {
  number: number;
  head: { sha: string; repo: { full_name: string } };
}

function withHeads(body: string, heads: Added["heads"]): string {
  const known = (pull: Pull): Pull => {
    const head = heads.get(pull.number);
    return head ? { ...pull, head: { ...pull.head, sha: head.sha, repo: { full_name: head.repository } } } : pull;
  };
  const answer = JSON.parse(body) as Pull | Pull[];
  return JSON.stringify(Array.isArray(answer) ? answer.map(known) : known(answer));
}
