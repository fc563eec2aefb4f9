import { EnvironmentError } from "../errors/expected-error.ts";
import { createOnce } from "../ports/request.ts";
import type { SendRequest } from "./http-client.ts";

export interface Tag {
  key: string;
  value: string;
}

export interface MlflowRun {
  info: { run_id: string; experiment_id: string; status: string; artifact_uri?: string };
  data?: { tags?: Tag[] };
}

/** `version` is MLflow's own number, a text. */
export interface MlflowVersion {
  version: string;
  run_id?: string;
  source?: string;
  tags?: Tag[];
}

export interface MlflowModel {
  name: string;
  description?: string;
  aliases?: { alias: string; version: string }[];
}

export interface BatchMetric {
  key: string;
  value: number;
  timestamp: number;
  step: number;
}

interface RunBatch {
  metrics: readonly BatchMetric[];
  params: readonly Tag[];
  tags: readonly Tag[];
}

/** The part of MLflow's REST API 2.0 that the mirror uses, call by call. */
export interface MlflowApi {
  experiment(name: string): Promise<{ experiment_id: string; lifecycle_stage: string } | null>;
  createExperiment(name: string): Promise<void>;
  /** Active runs that have all of these tags, oldest first. */
  findRuns(experiment: string, tags: Readonly<Record<string, string>>): Promise<MlflowRun[]>;
  /** All active runs of an experiment, oldest first. */
  runs(experiment: string): Promise<MlflowRun[]>;
  /** The new run; null when the server does not show it. */
  createRun(run: {
    experiment_id: string;
    run_name: string;
    start_time: number;
    tags: Tag[];
  }): Promise<MlflowRun | null>;
  logBatch(runId: string, batch: RunBatch): Promise<void>;
  setRunTag(runId: string, tag: Tag): Promise<void>;
  endRun(runId: string, status: "FINISHED" | "FAILED", endTime: number): Promise<void>;
  registeredModel(name: string): Promise<MlflowModel | null>;
  createRegisteredModel(model: { name: string; description: string; tags: Tag[] }): Promise<void>;
  /** All versions of a model, ascending. */
  versions(name: string): Promise<MlflowVersion[]>;
  createVersion(version: {
    name: string;
    source: string;
    run_id: string;
    description: string;
    tags: Tag[];
  }): Promise<void>;
  setAlias(name: string, alias: string, version: string): Promise<void>;
  deleteAlias(name: string, alias: string): Promise<void>;
  putArtifact(path: string, bytes: Uint8Array): Promise<void>;
  /** Throws when it is larger than `size`. */
  getArtifact(path: string, size: number): Promise<Buffer>;
}

const pageSize = 200;
/** Runs come with all their params and metrics. */
const runsPageSize = 100;

/** The API over a client. Every failure is a MlflowError. */
export function mlflowApi(send: SendRequest): MlflowApi {
  const call = async <T>(method: "GET" | "POST" | "DELETE", name: string, facts: object, once = false): Promise<T> => {
    const path = `/api/2.0/mlflow/${name}`;
    const request = method === "GET" ? { query: facts as Record<string, string> } : { json: facts };
    return parseAnswer<T>(await send({ method, path, ...request, once }), path);
  };
  const post = (name: string, facts: object, once = false) => call<void>("POST", name, facts, once);
  return {
    async experiment(name) {
      const found = call<{ experiment: { experiment_id: string; lifecycle_stage: string } }>(
        "GET",
        "experiments/get-by-name",
        { experiment_name: name },
      );
      return (await orNull(found))?.experiment ?? null;
    },
    createExperiment: (name) => post("experiments/create", { name }, true),
    async findRuns(experiment, tags) {
      const filter = Object.entries(tags).map(([key, value]) => `tags.\`${key}\` = '${quoted(value)}'`);
      const facts = {
        experiment_ids: [experiment],
        filter: filter.join(" AND "),
        order_by: ["attributes.start_time ASC"],
        max_results: pageSize,
      };
      return (await call<{ runs?: MlflowRun[] }>("POST", "runs/search", facts)).runs ?? [];
    },
    async runs(experiment) {
      const found: MlflowRun[] = [];
      for (let page: string | undefined = ""; page !== undefined; ) {
        const facts = {
          experiment_ids: [experiment],
          order_by: ["attributes.start_time ASC"],
          max_results: runsPageSize,
          ...(page && { page_token: page }),
        };
        const told: { runs?: MlflowRun[]; next_page_token?: string } = await call("POST", "runs/search", facts);
        found.push(...(told.runs ?? []).map(({ info, data }) => ({ info, data: { tags: data?.tags ?? [] } })));
        page = told.next_page_token || undefined;
      }
      return found;
    },
    createRun: async (run) => (await call<{ run?: MlflowRun }>("POST", "runs/create", run, true)).run ?? null,
    logBatch: (run_id, batch) => post("runs/log-batch", { run_id, ...batch }),
    setRunTag: (run_id, tag) => post("runs/set-tag", { run_id, ...tag }),
    endRun: (run_id, status, end_time) => post("runs/update", { run_id, status, end_time }),
    async registeredModel(name) {
      const found = call<{ registered_model: MlflowModel }>("GET", "registered-models/get", { name });
      return (await orNull(found))?.registered_model ?? null;
    },
    createRegisteredModel: (model) => post("registered-models/create", model, true),
    async versions(name) {
      const found: MlflowVersion[] = [];
      for (let page: string | undefined = ""; page !== undefined; ) {
        const facts = { filter: `name='${quoted(name)}'`, max_results: String(pageSize), page_token: page };
        const told: { model_versions?: MlflowVersion[]; next_page_token?: string } = await call(
          "GET",
          "model-versions/search",
          facts,
        );
        found.push(...(told.model_versions ?? []));
        page = told.next_page_token || undefined;
      }
      return found.sort((a, b) => Number(a.version) - Number(b.version));
    },
    createVersion: (version) => post("model-versions/create", version, true),
    setAlias: (name, alias, version) => post("registered-models/alias", { name, alias, version }),
    deleteAlias: (name, alias) => call<void>("DELETE", "registered-models/alias", { name, alias }),
    async putArtifact(path, bytes) {
      await send({ method: "PUT", path: artifactPath(path), bytes });
    },
    getArtifact: (path, size) => send({ method: "GET", path: artifactPath(path), largest: size }),
  };
}

function artifactPath(path: string): string {
  return `/api/2.0/mlflow-artifacts/artifacts/${path.split("/").map(encodeURIComponent).join("/")}`;
}

/** Model names and candidate ids have no quotes; a text that had one would end the filter. */
function quoted(text: string): string {
  return text.replaceAll("'", "");
}

async function orNull<T>(found: Promise<T>): Promise<T | null> {
  return found.catch((error: unknown) => {
    if (isMlflowCode(error, "RESOURCE_DOES_NOT_EXIST")) return null;
    throw error;
  });
}

function parseAnswer<T>(content: Buffer, path: string): T {
  try {
    const value: unknown = JSON.parse(content.toString("utf8") || "{}");
    if (value !== null && typeof value === "object") return value as T;
  } catch (cause) {
    throw notMlflow(path, cause);
  }
  throw notMlflow(path);
}

function notMlflow(path: string, cause?: unknown): MlflowError {
  const message =
    "the server at MLFLOW_TRACKING_URI did not answer as MLflow does: is it an MLflow server, and its root?";
  return new MlflowError(
    message,
    `reading the answer of ${path}`,
    { status: 200, code: null, unclear: true },
    { cause },
  );
}

/** What kind of failure it was, for those who can mend it by themselves. */
interface FailureFacts {
  /** HTTP status; null when there was no whole answer. */
  status: number | null;
  /** MLflow's own, e.g. RESOURCE_ALREADY_EXISTS. */
  code: string | null;
  /** The request may have been carried out although no answer said so. */
  unclear: boolean;
}

/** A request to the MLflow server failed. The mirror is behind; the registry branch is not concerned. */
export class MlflowError extends EnvironmentError {
  readonly facts: FailureFacts;

  constructor(message: string, tried: string, facts: FailureFacts, options?: ErrorOptions) {
    const safe = "The registry branch has the truth and is as it was. To repair the mirror: mergeml mlflow sync";
    super(message, { tried, safe }, options);
    this.name = "MlflowError";
    this.facts = facts;
  }
}

/** Whether it is this answer of MLflow. */
function isMlflowCode(error: unknown, code: string): boolean {
  return error instanceof MlflowError && error.facts.code === code;
}

/**
 * Gives the thing that `find` finds, made by `create` when there is none. A creation whose answer was lost, and one that another
 * writer was quicker with, are looked for before they are tried again, so that nothing is made twice.
 */
export async function findOrCreate<T>(
  what: string,
  find: () => Promise<T | null>,
  create: () => Promise<unknown>,
): Promise<{ found: T; created: boolean }> {
  const there = await find();
  if (there) return { found: there, created: false };
  return { found: await createMissing(what, find, () => create().then(() => null)), created: true };
}

/** Creates what is known to be missing. `create` gives it, or null when it is to be looked for, as it is when the answer was lost. */
export function createMissing<T>(
  what: string,
  find: () => Promise<T | null>,
  create: () => Promise<T | null>,
): Promise<T> {
  const facts = { status: null, code: null, unclear: true };
  const missing = () =>
    new MlflowError(`the MLflow server does not show ${what} that it created`, `creating ${what}`, facts);
  return createOnce({ create, find, leavesOpen, attempts: 2, missing });
}

function leavesOpen(error: unknown): boolean {
  return isMlflowCode(error, "RESOURCE_ALREADY_EXISTS") || (error instanceof MlflowError && error.facts.unclear);
}
