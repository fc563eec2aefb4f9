import { type Answer, json } from "./answer.ts";

/** A run of a workflow, as far as it is asked for. */
export interface WorkflowRun {
  id: number;
  headSha: string;
  event: string;
  /** "theirs" when left out. */
  branch?: string;
  /** ISO; the first of January 2026 when left out. */
  created?: string;
  /** "completed" when left out. */
  status?: string;
}

/** Runs of a workflow for a commit, and running one of them again, which `reruns` remembers. null for another route. */
export function workflowRunRoute(
  runs: readonly WorkflowRun[],
  reruns: number[],
  { method, path, base, query }: { method: string; path: string; base: string; query: URLSearchParams },
): Answer | null {
  if (method === "GET" && /^\/actions\/workflows\/[^/]+\/runs$/.test(path)) {
    const asked = { sha: query.get("head_sha"), event: query.get("event"), branch: query.get("branch") };
    const found = runs
      .filter(
        ({ headSha, event }) =>
          (asked.sha === null || headSha === asked.sha) && (asked.event === null || event === asked.event),
      )
      .filter(({ branch = "theirs" }) => asked.branch === null || branch === asked.branch)
      .toReversed();
    return json(200, { total_count: found.length, workflow_runs: found.map((run) => shown(run, base)) });
  }
  const [, id] = /^\/actions\/runs\/(\d+)\/rerun$/.exec(path) ?? [];
  if (method !== "POST" || id === undefined) return null;
  reruns.push(Number(id));
  return json(201, {});
}

/** The runs of an answer with the repository in full, which is the emulator's own. */
export function withRepository(body: string, repository: object): string {
  const answer = JSON.parse(body) as { workflow_runs?: object[] };
  const runs = answer.workflow_runs?.map((run) => ({ ...run, repository, head_repository: repository }));
  return JSON.stringify(runs ? { ...answer, workflow_runs: runs } : answer);
}

function shown(
  { id, headSha, event, branch = "theirs", created = "2026-01-01T00:00:00Z", status = "completed" }: WorkflowRun,
  base: string,
): object {
  const url = `${base}/actions/runs/${id}`;
  const names = ["jobs", "logs", "check_suite", "cancel", "rerun", "artifacts", "workflow"];
  return {
    ...{
      id,
      node_id: `R${id}`,
      head_branch: branch,
      run_number: id,
      display_title: "A change",
      event,
      url,
      html_url: url,
    },
    ...{
      status,
      conclusion: status === "completed" ? "success" : null,
      head_sha: headSha,
      path: "model-pr.yml",
      workflow_id: 1,
    },
    ...{ created_at: created, updated_at: created, head_commit: null, pull_requests: [] },
    ...Object.fromEntries(names.map((name) => [`${name}_url`, `${url}/${name}`])),
  };
}
