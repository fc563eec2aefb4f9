import { type Answer, json } from "./answer.ts";

interface DeploymentStatus {
  id: number;
  state: string;
  description: string;
  log_url: string;
}

export interface Deployment {
  id: number;
  environment: string;
  ref: string;
  sha: string;
  task: string;
  payload: unknown;
  description: string;
  statuses: DeploymentStatus[];
}

interface Asked {
  method: string;
  /** Below the repository. */
  path: string;
  /** Address of the repository in the API. */
  base: string;
  query: URLSearchParams;
  text: string;
}

/** Deployments with their statuses, where a success makes the earlier ones of its environment inactive. null for another route. */
export function deploymentRoute(deployments: Deployment[], asked: Asked): Answer | null {
  const [, id, statuses] = /^\/deployments(?:\/(\d+)(\/statuses)?)?$/.exec(asked.path) ?? [];
  if (!asked.path.startsWith("/deployments")) return null;
  if (id === undefined) return asked.method === "GET" ? list(deployments, asked) : create(deployments, asked);
  const found = deployments.find((each) => each.id === Number(id));
  if (!found) return json(404, { message: "Not Found" });
  if (!statuses) return json(200, shown(found, asked.base));
  if (asked.method === "POST") return addStatus(deployments, found, asked);
  const newest = found.statuses.toReversed().slice(0, Number(asked.query.get("per_page") ?? 30));
  return json(
    200,
    newest.map((each) => shownStatus(found, each, asked.base)),
  );
}

function list(deployments: readonly Deployment[], { query, base }: Asked): Answer {
  const filters = ["environment", "ref", "sha", "task"] as const;
  const wanted = deployments.filter((each) =>
    filters.every((key) => [null, "none", each[key]].includes(query.get(key))),
  );
  const size = Number(query.get("per_page") ?? 30);
  const page = wanted.toReversed().slice((Number(query.get("page") ?? 1) - 1) * size);
  return json(
    200,
    page.slice(0, size).map((each) => shown(each, base)),
  );
}

function create(deployments: Deployment[], { text, base }: Asked): Answer {
  const given = { task: "deploy", environment: "production", description: "", payload: {}, ...JSON.parse(text) };
  const { ref, task, environment, description, payload } = given as Deployment;
  if (description.length > 140) return json(422, { message: "description is too long (maximum is 140 characters)" });
  const id = deployments.length + 1;
  const made = { id, ref, sha: ref, task, environment, description, payload, statuses: [] };
  deployments.push(made);
  return json(201, shown(made, base));
}

function addStatus(deployments: readonly Deployment[], of: Deployment, { text, base }: Asked): Answer {
  const given = JSON.parse(text) as DeploymentStatus & { auto_inactive?: boolean };
  if (given.description.length > 140)
    return json(422, { message: "description is too long (maximum is 140 characters)" });
  const add = ({ statuses }: Deployment, status: Omit<DeploymentStatus, "id">) => {
    const made = { ...status, id: statuses.length + 1 };
    statuses.push(made);
    return made;
  };
  if (given.state === "success" && given.auto_inactive !== false)
    for (const each of deployments)
      if (each !== of && each.environment === of.environment && each.statuses.at(-1)?.state === "success")
        add(each, { ...given, state: "inactive", description: "" });
  return json(201, shownStatus(of, add(of, given), base));
}

const time = "2026-01-01T00:00:00Z";

function shown({ statuses, ...deployment }: Deployment, base: string): object {
  const url = `${base}/deployments/${deployment.id}`;
  const isProduction = deployment.environment === "production";
  return {
    ...deployment,
    node_id: `D${deployment.id}`,
    url,
    statuses_url: `${url}/statuses`,
    repository_url: base,
    original_environment: deployment.environment,
    creator: null,
    created_at: time,
    updated_at: time,
    transient_environment: false,
    production_environment: isProduction,
  };
}

function shownStatus({ id, environment }: Deployment, status: DeploymentStatus, base: string): object {
  const url = `${base}/deployments/${id}/statuses/${status.id}`;
  return {
    id: status.id,
    state: status.state,
    description: status.description,
    environment,
    node_id: `S${id}-${status.id}`,
    url,
    deployment_url: `${base}/deployments/${id}`,
    repository_url: base,
    target_url: status.log_url,
    log_url: status.log_url,
    creator: null,
    created_at: time,
    updated_at: time,
  };
}
