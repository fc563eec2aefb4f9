import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../../errors/expected-error.ts";
import { systemClock } from "../../../ports/host.ts";
import { type FailedRequest, isUnsent, retryAfterSeconds, sendRepeatedly } from "../../../ports/request.ts";
import { variableOf } from "../../sources/missing-credential.ts";
import type { Engine, FileEngine, SourceEngine, SourceJob } from "../engine.ts";
import type { SparkStatements } from "../spark-sql/allow-query.ts";
import { sparkEngine } from "../spark-sql/run-queries.ts";
import { joinDistantParts, openStaging, type StagingArea } from "../spark-sql/staging-area.ts";
import { HttpStatusError, StatementError, statementReason } from "../spark-sql/statement-error.ts";

/** How often a request is sent before the server counts as down, the longest wait in seconds, and that for one answer. */
const [attempts, longestWait, answerMs] = [4, 30, 120_000];

const passing = new Set([408, 429, 500, 502, 503, 504]);

const statements = "/api/2.0/sql/statements";

/** Longest that the server keeps an answer back while a statement runs; then it is asked for. */
const patience = "30s";

/** Between two looks at a statement that runs. */
const pauseMs = 1_000;

/** Databricks: runs feature queries in a SQL warehouse of a source, as `spark` does in a cluster. */
export const databricks: SourceEngine<"databricks"> = { start: openDatabricks };

/** A SQL warehouse of Databricks at a source. Its statements have no session in common, so that relations stand for themselves. */
function openDatabricks({ name, source, sources, env, files }: SourceJob<"databricks">): Engine {
  return sparkEngine(
    () => {
      const { host, warehouse, token, catalog, staging } = source;
      if (staging === undefined) throw noStaging(name);
      const api = openDatabricksApi(variableOf(name, host, env), variableOf(name, token, env), host.env);
      const id = variableOf(name, warehouse, env);
      const statements = () => databricksStatements(api, { id, catalog });
      return {
        about: { source: name, host: api.host, variable: token.env },
        rules: { schemas: source.schemas, catalog: catalog ?? null },
        names: false,
        open: async () => statements(),
        staging: () =>
          staging.startsWith("/Volumes/")
            ? volumeStaging(staging, api, files)
            : openStaging(staging, { name, sources, env, files }),
      };
    },
    { name, schemas: source.schemas },
  );
}

function noStaging(name: string): UserError {
  return new UserError({
    message: `the source ${name} has no staging, through which rows come from the warehouse`,
    hint: "add staging: /Volumes/main/ml/staging, a folder of a volume that the token may write and read, or the address of a bucket",
    key: `sources.${name}.staging`,
  });
}

/** The parts that are used of what the API answers: https://docs.databricks.com/api/workspace/statementexecution */
interface StatementAnswer {
  statement_id: string;
  status: { state: string; error?: { error_code?: string; message?: string } };
  manifest?: { schema: { columns?: { name: string; type_name: string }[] }; truncated?: boolean };
  result?: ResultChunk;
}

interface ResultChunk {
  data_array?: (string | null)[][];
  next_chunk_internal_link?: string;
}

/** Where statements run. */
interface Warehouse {
  id: string;
  catalog: string | undefined;
}

/**
 * Statements on a SQL warehouse, each in a session of its own. Results come inline, which the API allows up to 25 MiB: they are
 * aggregates; rows go by way of the staging area.
 */
function databricksStatements(api: DatabricksApi, warehouse: Warehouse): SparkStatements {
  let running: string | null = null;
  return {
    async rows(statement) {
      const body = {
        warehouse_id: warehouse.id,
        statement,
        wait_timeout: patience,
        on_wait_timeout: "CONTINUE",
        disposition: "INLINE",
        format: "JSON_ARRAY",
        ...(warehouse.catalog === undefined ? {} : { catalog: warehouse.catalog }),
      };
      let answer = await api.json<StatementAnswer>("POST", statements, body);
      running = answer.statement_id;
      try {
        while (["PENDING", "RUNNING"].includes(answer.status.state)) {
          await sleep(pauseMs);
          answer = await api.json<StatementAnswer>("GET", `${statements}/${encodeURIComponent(running)}`);
        }
      } finally {
        running = null;
      }
      return resultOf(api, answer);
    },
    interrupt() {
      if (running === null) return;
      // Asked again while it runs.
      api.json("POST", `${statements}/${encodeURIComponent(running)}/cancel`).catch(() => {});
    },
    close: async () => {},
  };
}

async function resultOf(api: DatabricksApi, answer: StatementAnswer): Promise<Record<string, unknown>[]> {
  const { state, error } = answer.status;
  if (state !== "SUCCEEDED") {
    const words =
      error?.message ?? (state === "CANCELED" ? "[OPERATION_CANCELED] it was canceled" : `it ended as ${state}`);
    throw new StatementError(statementReason(words));
  }
  if (answer.manifest?.truncated) throw new Error("the warehouse cut a result short");
  const columns = answer.manifest?.schema.columns ?? [];
  const rows: Record<string, unknown>[] = [];
  for (let chunk = answer.result; chunk; ) {
    for (const cells of chunk.data_array ?? []) {
      rows.push(Object.fromEntries(columns.map(({ name, type_name }, at) => [name, cellOf(cells[at], type_name)])));
    }
    const next = chunk.next_chunk_internal_link;
    chunk = next === undefined ? undefined : await api.json<ResultChunk>("GET", next);
  }
  return rows;
}

/** Every value comes as text. */
function cellOf(text: string | null | undefined, type: string): unknown {
  if (text === null || text === undefined) return null;
  if (type === "BOOLEAN") return text === "true";
  if (type === "LONG") return BigInt(text);
  return ["BYTE", "SHORT", "INT", "FLOAT", "DOUBLE"].includes(type) ? Number(text) : text;
}

type Method = "GET" | "POST" | "DELETE";

/** The REST API of a Databricks workspace, signed in with a token. Failures that pass are waited out. */
interface DatabricksApi {
  /** The host, for messages. */
  host: string;
  /** Sends a request below the host and reads its answer; an empty one is `{}`. Throws HttpStatusError, or what fetch throws. */
  json<Answer>(method: Method, path: string, body?: object): Promise<Answer>;
  /** Writes an answer of any size to a file. */
  download(path: string, file: string): Promise<void>;
}

/** A workspace by its host: `adb-1.2.azuredatabricks.net`, or with the scheme before it. Throws UserError, which tells nothing of the token. */
function openDatabricksApi(host: string, token: string, variable: string): DatabricksApi {
  const address = /^https?:\/\//.test(host) ? host : `https://${host}`;
  if (!URL.canParse(address)) {
    throw new UserError({
      message: `${variable} is no host of a Databricks workspace`,
      hint: "write adb-1234.5.azuredatabricks.net",
    });
  }
  const { origin, host: name } = new URL(address);
  const send = (method: Method, path: string, body?: object) =>
    fetch(new URL(path, origin), {
      method,
      redirect: "error",
      signal: AbortSignal.timeout(answerMs),
      headers: { authorization: `Bearer ${token}`, ...(body ? { "content-type": "application/json" } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
  const ask = (method: Method, path: string, body?: object) =>
    sendRepeatedly(() => attempt(() => send(method, path, body)), {
      once: method === "POST",
      patience: { attempts, seconds: longestWait, sleep: (seconds) => sleep(seconds * 1000) },
    });
  return {
    host: name,
    async json<Answer>(method: Method, path: string, body?: object) {
      const text = await (await ask(method, path, body)).text();
      return JSON.parse(text === "" ? "{}" : text) as Answer;
    },
    async download(path, file) {
      const { body } = await ask("GET", path);
      await pipeline(Readable.fromWeb(body as never), createWriteStream(file));
    },
  };
}

async function attempt(send: () => Promise<Response>): Promise<{ answer: Response } | FailedRequest> {
  const waits = (attempt: number) => 0.5 * 4 ** (attempt - 1);
  try {
    const answer = await send();
    if (answer.ok) return { answer };
    const error = new HttpStatusError(answer.status, await reasonOf(answer));
    const asked = retryAfterSeconds(answer.headers.get("retry-after"), systemClock.now());
    // What was turned away for there being too much of it was not begun.
    const unclear = ![429, 503].includes(answer.status);
    return { error, passing: passing.has(answer.status), unclear, waitAfter: (count) => asked ?? waits(count) };
  } catch (error) {
    return { error, passing: true, unclear: !isUnsent(error), waitAfter: waits };
  }
}

async function reasonOf(answer: Response): Promise<string> {
  const text = (await answer.text()).slice(0, 10_000);
  try {
    const { message, error_code } = JSON.parse(text) as { message?: string; error_code?: string };
    return message ?? error_code ?? `HTTP ${answer.status}`;
  } catch {
    return `HTTP ${answer.status}`;
  }
}

interface Listing {
  contents?: { path: string; is_directory: boolean }[];
  next_page_token?: string;
}

/** A folder of a volume, read with the Files API: https://docs.databricks.com/api/workspace/files. The token that runs statements is enough. */
function volumeStaging(home: string, api: DatabricksApi, files: FileEngine): StagingArea {
  const base = home.replace(/\/+$/, "");
  const place = (kind: "files" | "directories", path: string) =>
    `/api/2.0/fs/${kind}${path.split("/").map(encodeURIComponent).join("/")}`;
  const list = async (folder: string) => {
    const paths: string[] = [];
    for (let token = ""; ; ) {
      const query = token === "" ? "" : `?page_token=${encodeURIComponent(token)}`;
      const page = await api.json<Listing>("GET", `${place("directories", `${base}/${folder}`)}${query}`);
      paths.push(...(page.contents ?? []).filter((each) => !each.is_directory).map(({ path }) => path));
      if (!page.next_page_token) return paths;
      token = page.next_page_token;
    }
  };
  return {
    url: (folder) => `${base}/${folder}`,
    prepare: async () => {},
    async collect(folder, file) {
      const distant = {
        ...{ name: folder, where: `${base}/${folder}`, names: await list(folder) },
        fetch: (path: string, part: string) => api.download(place("files", path), part),
      };
      await joinDistantParts(files, distant, file);
    },
    async remove(folder) {
      try {
        for (const path of await list(folder)) await api.json("DELETE", place("files", path));
        await api.json("DELETE", place("directories", `${base}/${folder}`));
      } catch (error) {
        if (!(error instanceof HttpStatusError && error.status === 404)) throw error;
      }
    },
  };
}
