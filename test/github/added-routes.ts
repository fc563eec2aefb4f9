import { artifactRoute, type StoredArtifact } from "./artifact-routes.ts";
import type { Answer } from "./github-server.ts";

interface CheckRun {
  id: number;
  name: string;
  head_sha: string;
  conclusion: string;
  output: { title: string; summary: string };
}

interface Deployment {
  id: number;
  environment: string;
  ref: string;
  payload: unknown;
  description: string;
  statuses: { state: string; description: string }[];
}

/** What the emulator lacks, with state: deployments, dispatches, pull requests of a commit, checks of a commit it does not know. */
export interface Added {
  deployments: Deployment[];
  dispatches: { event_type: string; client_payload: unknown }[];
  checks: CheckRun[];
  artifacts: StoredArtifact[];
  /** The heads of pull requests by number: the emulator knows none of the commits that git really has. */
  heads: Map<number, { sha: string; repository: string }>;
  /** Answers `GET …/commits/<sha>/pulls`. */
  pullsOfCommit: Map<string, unknown[]>;
  /** null for a route that the emulator has. */
  answer(method: string, url: string, text: string): Answer | null;
  /** Sees what the emulator answered, and puts in what it cannot know. */
  amend(method: string, url: string, body: string): string;
}

export function addedRoutes(): Added {
  const added: Added = {
    deployments: [],
    dispatches: [],
    checks: [],
    artifacts: [],
    heads: new Map(),
    pullsOfCommit: new Map(),
    answer: (method, url, text) => {
      const { pathname, searchParams } = new URL(url, "http://github");
      const path = pathname.replace(/^\/repos\/[^/]+\/[^/]+/, "");
      const json = (status: number, value: unknown): Answer => ({ status, body: JSON.stringify(value) });
      const [, sha, list] = /^\/commits\/([0-9a-f]{40})\/(pulls|check-runs)$/.exec(path) ?? [];
      if (method === "GET" && sha && list === "pulls") return json(200, added.pullsOfCommit.get(sha) ?? []);
      if (method === "GET" && sha && list === "check-runs") {
        const runs = added.checks.filter((run) => run.head_sha === sha && run.name === searchParams.get("check_name"));
        return json(200, { total_count: runs.length, check_runs: runs });
      }
      if (method === "POST" && path === "/dispatches") {
        added.dispatches.push(JSON.parse(text));
        return { status: 204, body: "" };
      }
      const artifact = method === "GET" ? artifactRoute(added.artifacts, path) : null;
      if (artifact) return artifact;
      return path.startsWith("/deployments")
        ? deploymentRoute(added, method, path, { text, searchParams, json })
        : null;
    },
    amend(method, url, body) {
      if (method === "GET" && /\/pulls(\/\d+)?(\?|$)/.test(url)) return withHeads(body, added.heads);
      if (!["POST", "PATCH"].includes(method) || !/\/check-runs(\/\d+)?$/.test(url)) return body;
      const run = JSON.parse(body) as CheckRun;
      if (run.id !== undefined) added.checks = [...added.checks.filter(({ id }) => id !== run.id), run];
      return body;
    },
  };
  return added;
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

interface Asked {
  text: string;
  searchParams: URLSearchParams;
  json(status: number, value: unknown): Answer;
}

function deploymentRoute(
  { deployments }: Added,
  method: string,
  path: string,
  { text, searchParams, json }: Asked,
): Answer | null {
  const of = Number(/^\/deployments\/(\d+)\/statuses$/.exec(path)?.[1] ?? 0);
  const found = deployments.find(({ id }) => id === of);
  if (path === "/deployments" && method === "GET") {
    const environment = searchParams.get("environment");
    return json(
      200,
      deployments.filter((each) => environment === null || each.environment === environment).toReversed(),
    );
  }
  if (path === "/deployments" && method === "POST") {
    const made: Deployment = { ...JSON.parse(text), id: deployments.length + 1, statuses: [] };
    deployments.push(made);
    return json(201, made);
  }
  if (!found) return null;
  if (method === "GET") return json(200, found.statuses.toReversed());
  const status = { id: found.statuses.length + 1, ...JSON.parse(text) };
  found.statuses.push(status);
  return json(201, status);
}
