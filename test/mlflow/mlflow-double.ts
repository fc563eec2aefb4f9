import type { ServerResponse } from "node:http";
import { type LocalServer, type Received, sendJson, startServer } from "./local-server.ts";

interface Tag {
  key: string;
  value: string;
}

interface Run {
  info: Record<string, unknown> & { run_id: string; status: string };
  data: { tags: Tag[]; params: Tag[]; metrics: { key: string; value: number }[] };
}

/** What the double keeps, as MLflow's server would. */
interface Kept {
  experiments: Map<string, string>;
  runs: Run[];
  models: Map<string, { name: string; aliases: { alias: string; version: string }[] }>;
  versions: { name: string; version: string; run_id: string; source: string; tags: Tag[] }[];
  artifacts: Map<string, Buffer>;
}

/** `before`: nothing is done and 503 answered; `refused`: 400. `after`: it is done, and the connection breaks before the answer. */
export type Fault = (request: Received) => "before" | "refused" | "after" | "corrupt" | null;

export interface MlflowDouble extends LocalServer {
  kept: Kept;
}

/** A stateful stand-in for the calls the mirror makes, whose answers can be lost; the real server is in test/peers/. */
export async function startMlflowDouble(
  fault: Fault = () => null,
  artifactRoot = "mlflow-artifacts:/",
): Promise<MlflowDouble> {
  const kept: Kept = { experiments: new Map(), runs: [], models: new Map(), versions: [], artifacts: new Map() };
  const server = await startServer((request, response) => {
    const found = fault(request);
    if (found === "before") return sendJson(response, 503, { error_code: "TEMPORARILY_UNAVAILABLE", message: "busy" });
    if (found === "refused") return sendJson(response, 400, { error_code: "INVALID_PARAMETER_VALUE", message: "no" });
    const path = decodeURIComponent(new URL(request.url, "http://server").pathname);
    if (path.startsWith(artifacts)) return answerArtifact(kept, request, path.slice(artifacts.length), response, found);
    const [status, value] = answerCall(kept, request, path.replace("/api/2.0/mlflow/", ""), artifactRoot);
    if (found === "after") return void response.destroy();
    sendJson(response, status, value);
  });
  return { ...server, kept };
}

const artifacts = "/api/2.0/mlflow-artifacts/artifacts/";
const missing: [number, unknown] = [404, { error_code: "RESOURCE_DOES_NOT_EXIST", message: "not found" }];
const exists: [number, unknown] = [400, { error_code: "RESOURCE_ALREADY_EXISTS", message: "already exists" }];

function answerArtifact(kept: Kept, request: Received, path: string, response: ServerResponse, fault: string | null) {
  if (request.method === "PUT") kept.artifacts.set(path, fault === "corrupt" ? Buffer.from("x") : request.body);
  response.end(request.method === "PUT" ? "{}" : kept.artifacts.get(path));
}

function answerCall(kept: Kept, request: Received, call: string, root: string): [number, unknown] {
  const facts = request.method === "GET" ? queryOf(request) : JSON.parse(request.body.toString("utf8"));
  const answer = calls[`${request.method} ${call}`];
  return answer ? answer(kept, facts, root) : [404, { error_code: "ENDPOINT_NOT_FOUND", message: call }];
}

function queryOf({ url }: Received): Record<string, string> {
  return Object.fromEntries(new URL(url, "http://server").searchParams);
}

// biome-ignore lint/suspicious/noExplicitAny: requests are what the test is about; their shapes are the mirror's.
type Call = (kept: Kept, facts: any, root: string) => [number, unknown];

const calls: Record<string, Call> = {
  "GET experiments/get-by-name": ({ experiments }, { experiment_name }) => {
    const experiment_id = experiments.get(experiment_name);
    return experiment_id ? [200, { experiment: { experiment_id, lifecycle_stage: "active" } }] : missing;
  },
  "POST experiments/create": ({ experiments }, { name }) => {
    if (experiments.has(name)) return exists;
    experiments.set(name, String(experiments.size + 1));
    return [200, { experiment_id: experiments.get(name) }];
  },
  "POST runs/search": ({ runs }, { experiment_ids, filter, page_token, max_results }) => {
    const wanted = [...(filter ?? "").matchAll(/tags\.`([^`]+)` = '([^']+)'/g)].map(([, key, value]) => ({
      key,
      value,
    }));
    const found = runs
      .filter(({ info }) => experiment_ids.includes(info.experiment_id))
      .filter(({ data }) =>
        wanted.every(({ key, value }) => data.tags.some((tag) => tag.key === key && tag.value === value)),
      );
    // Small pages, so that tests walk through some.
    const [at, size] = [Number(page_token ?? 0), Math.min(max_results, 3)];
    const next = at + size < found.length ? { next_page_token: String(at + size) } : {};
    return [200, filter ? { runs: found } : { runs: found.slice(at, at + size), ...next }];
  },
  "POST runs/create": ({ runs }, { experiment_id, run_name, start_time, tags }, root) => {
    const last = Number(runs.at(-1)?.info.run_id.slice("run".length) ?? 0);
    const run_id = `run${last + 1}`;
    const info = {
      run_id,
      run_name,
      start_time,
      experiment_id,
      status: "RUNNING",
      artifact_uri: `${root}${experiment_id}/${run_id}/artifacts`,
    };
    runs.push({ info, data: { tags, params: [], metrics: [] } });
    return [200, { run: runs.at(-1) }];
  },
  "POST runs/log-batch": ({ runs }, { run_id, params, metrics, tags }) => {
    const data = runs.find(({ info }) => info.run_id === run_id)!.data;
    data.params.push(...params);
    data.metrics.push(...metrics);
    data.tags.push(...tags);
    return [200, {}];
  },
  "POST runs/set-tag": ({ runs }, { run_id, key, value }) => {
    runs.find(({ info }) => info.run_id === run_id)!.data.tags.push({ key, value });
    return [200, {}];
  },
  "POST runs/update": ({ runs }, { run_id, status }) => {
    runs.find(({ info }) => info.run_id === run_id)!.info.status = status;
    return [200, {}];
  },
  "GET registered-models/get": ({ models }, { name }) =>
    models.has(name) ? [200, { registered_model: models.get(name) }] : missing,
  "POST registered-models/create": ({ models }, { name }) => {
    if (models.has(name)) return exists;
    models.set(name, { name, aliases: [] });
    return [200, {}];
  },
  "GET model-versions/search": ({ versions }, { page_token }) => {
    const at = Number(page_token || 0);
    const next = at + 1 < versions.length ? { next_page_token: String(at + 1) } : {};
    return [200, { model_versions: versions.slice(at, at + 1), ...next }];
  },
  "POST model-versions/create": ({ versions }, version) => {
    versions.push({ ...version, version: String(versions.length + 1) });
    return [200, {}];
  },
  "POST registered-models/alias": ({ models }, { name, alias, version }) => {
    models.get(name)!.aliases = [{ alias, version }];
    return [200, {}];
  },
  "DELETE registered-models/alias": ({ models }, { name }) => {
    models.get(name)!.aliases = [];
    return [200, {}];
  },
};
