import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createReadStream, existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { SparkStatements } from "../../pipelines/data/engines/spark-sql/allow-query.ts";
import { StatementError } from "../../pipelines/data/engines/spark-sql/statement-error.ts";

/** A double of a Databricks workspace: its APIs as the contract has them, its SQL run by a real Spark, its volumes in a folder. */
export interface DatabricksDouble extends AsyncDisposable {
  host: string;
  /** Requests so far, as `POST /api/2.0/sql/statements`. */
  asked: string[];
  /** From now on the token is refused as expired. */
  expireToken(): void;
  /** The next so many requests are answered with this status, and are not done. */
  failNext(count: number, status: number): void;
}

interface Job {
  token: string;
  warehouse: string;
  /** What `/Volumes/` stands for. */
  volumes: string;
  /** A new session of a real Spark. */
  open(): Promise<SparkStatements>;
}

const contract = JSON.parse(readFileSync(join(import.meta.dirname, "spark/databricks-contract.json"), "utf8"));
const ajv = new Ajv2020({ strict: false });
const [fitsRequest, fitsAnswer] = [ajv.compile(contract.execute_statement), ajv.compile(contract.statement_response)];

const typeNames: Readonly<Record<string, string>> = {
  boolean: "BOOLEAN",
  number: "DOUBLE",
  bigint: "LONG",
  string: "STRING",
};

export async function startDatabricksDouble(job: Job): Promise<DatabricksDouble> {
  const state = { expired: false, failures: 0, status: 503, asked: [] as string[], results: new Map<string, object>() };
  const server = createServer((request, response) => {
    answer(job, state, request, response).catch((error: unknown) => {
      response.writeHead(500).end(JSON.stringify({ error_code: "INTERNAL_ERROR", message: String(error) }));
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    host: `http://127.0.0.1:${port}`,
    asked: state.asked,
    expireToken: () => {
      state.expired = true;
    },
    failNext: (count, status) => Object.assign(state, { failures: count, status }),
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}

type State = { expired: boolean; failures: number; status: number; asked: string[]; results: Map<string, object> };

async function answer(job: Job, state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "/", "http://double");
  state.asked.push(`${request.method} ${url.pathname}`);
  const say = (status: number, body: object) =>
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  const text = await bodyOf(request);
  if (state.failures > 0) {
    state.failures -= 1;
    return void say(state.status, { error_code: "TEMPORARILY_UNAVAILABLE", message: "try again" });
  }
  if (state.expired || request.headers.authorization !== `Bearer ${job.token}`) {
    return void say(403, { error_code: "403", message: "Invalid access token. [ReqId: 1]" });
  }
  const volume = /^\/api\/2\.0\/fs\/(files|directories)(\/Volumes\/.*)$/.exec(decodeURIComponent(url.pathname));
  if (volume) return files(job, request.method ?? "", volume[1]!, volume[2]!, response, say);
  const [, id] = /^\/api\/2\.0\/sql\/statements\/([\w-]+)$/.exec(url.pathname) ?? [];
  if (id !== undefined) return void say(200, state.results.get(id) ?? {});
  if (request.method !== "POST" || url.pathname !== "/api/2.0/sql/statements")
    return void say(404, { error_code: "NOT_FOUND" });
  const asked = JSON.parse(text) as { warehouse_id: string; statement: string };
  if (!fits(fitsRequest, asked))
    return void say(400, { error_code: "INVALID_PARAMETER_VALUE", message: ajv.errorsText(fitsRequest.errors) });
  if (asked.warehouse_id !== job.warehouse)
    return void say(404, { error_code: "NOT_FOUND", message: "no such warehouse" });
  const statement_id = randomUUID();
  const done = await execute(job, statement_id, asked.statement);
  if (!fits(fitsAnswer, done)) throw new Error(ajv.errorsText(fitsAnswer.errors));
  state.results.set(statement_id, done);
  // Every statement is asked for once before it is done, as a slow one is.
  say(200, { statement_id, status: { state: "PENDING" } });
}

/** Without narrowing what was judged. */
function fits(judge: (value: unknown) => unknown, value: unknown): boolean {
  return judge(value) === true;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

/** Each statement has a session of its own, so that nothing is left of it but what it wrote. */
async function execute({ open, volumes }: Job, statement_id: string, statement: string): Promise<object> {
  const session = await open();
  try {
    const rows = await session.rows(statement.replaceAll("/Volumes/", `${volumes}/`));
    const names = Object.keys(rows[0] ?? {});
    const columns = names.map((name, position) => {
      const value = rows.map((row) => row[name]).find((each) => each !== null);
      return { name, type_name: typeNames[typeof value] ?? "STRING", type_text: "", position };
    });
    const data_array = rows.map((row) => names.map((name) => (row[name] === null ? null : String(row[name]))));
    const [first, rest] = [data_array.slice(0, 2), data_array.slice(2)];
    const manifest = {
      format: "JSON_ARRAY",
      schema: { column_count: names.length, columns },
      total_row_count: rows.length,
      truncated: false,
    };
    const result = { chunk_index: 0, row_offset: 0, row_count: rows.length, data_array: [...first, ...rest] };
    return { statement_id, status: { state: "SUCCEEDED" }, manifest, result };
  } catch (error) {
    if (!(error instanceof StatementError)) throw error;
    const { condition, message, at } = error.reason;
    const place = at === null ? "" : `; line ${at.line} pos ${at.column}`;
    return {
      statement_id,
      status: { state: "FAILED", error: { error_code: "BAD_REQUEST", message: `[${condition}] ${message}${place}` } },
    };
  } finally {
    await session.close();
  }
}

function files(
  { volumes }: Job,
  method: string,
  kind: string,
  path: string,
  response: ServerResponse,
  say: (status: number, body: object) => void,
): void {
  const local = join(volumes, path.replace(/^\/Volumes\//, ""));
  if (!existsSync(local)) {
    say(404, { error_code: "NOT_FOUND", message: "no such file or directory" });
    return;
  }
  if (method === "DELETE") {
    rmSync(local, { recursive: kind === "directories" && readdirSync(local).every((name) => name.startsWith(".")) });
    return void response.writeHead(204).end();
  }
  if (kind === "files") return void createReadStream(local).pipe(response.writeHead(200));
  const contents = readdirSync(local)
    .filter((name) => !name.startsWith("."))
    .map((name) => ({
      path: `${path}/${name}`,
      name,
      is_directory: false,
      file_size: statSync(join(local, name)).size,
    }));
  say(200, { contents });
}
