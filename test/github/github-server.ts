import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createEmulator } from "emulate";
import { type Added, addedRoutes } from "./added-routes.ts";

interface RecordedRequest {
  method: string;
  path: string;
  status: number;
}

/** Answers the next `times` matching requests with a fault instead of passing them on. */
interface Fault {
  method: string;
  path: RegExp;
  times: number;
  status: number;
  headers?: Record<string, string>;
  message?: string;
}

/** GitHub for tests: the emulator's state, what it lacks, the limits that GitHub has, and faults on demand. */
export interface TestGitHub extends AsyncDisposable {
  /** For GITHUB_API_URL. */
  url: string;
  token: string;
  /** A token that may only read. */
  readOnlyToken: string;
  requests: RecordedRequest[];
  added: Added;
  fail(fault: Fault): void;
  /** A request as an administrator would make it, expected to succeed. */
  ask<T>(method: string, path: string, body?: unknown): Promise<T>;
}

const [bodyLimit, textLimit, annotationLimit] = [65_536, 65_535, 50];

export async function startGitHub({ owner, repo }: { owner: string; repo: string }): Promise<TestGitHub> {
  const bot = "github-actions[bot]";
  const [token, readOnlyToken] = ["ghs_write", "ghs_read"];
  const emulator = await createEmulator({
    service: "github",
    port: await freePort(),
    seed: {
      tokens: Object.fromEntries(
        [token, readOnlyToken, "admin"].map((each) => [
          each,
          { login: each === "admin" ? owner : bot, scopes: ["repo"] },
        ]),
      ),
      github: {
        users: [
          { login: owner, name: owner },
          { login: bot, name: bot },
        ],
        repos: [{ owner, name: repo, auto_init: true }],
      },
    },
  });
  const added = addedRoutes();
  const requests: RecordedRequest[] = [];
  const faults: Fault[] = [];
  const server = createServer(async (request, response) => {
    const setting = { emulator: emulator.url, added, faults, readOnlyToken };
    const answer = await handle(request, setting).catch((error: Error) => problem(500, error.message));
    requests.push({ method: request.method ?? "", path: request.url ?? "", status: answer.status });
    send(response, answer);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    token,
    readOnlyToken,
    requests,
    added,
    fail: (fault) => faults.push({ ...fault }),
    ask: async <T>(method: string, path: string, body?: unknown) => {
      const headers = { authorization: "token admin", "content-type": "application/json" };
      const response = await fetch(url + path, {
        method,
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
      return (await response.json()) as T;
    },
    [Symbol.asyncDispose]: async () => {
      await closed(server);
      await emulator.close();
    },
  };
}

export interface Answer {
  status: number;
  body: string | Buffer;
  headers?: Record<string, string>;
}

interface Setting {
  emulator: string;
  added: Added;
  faults: Fault[];
  readOnlyToken: string;
}

async function handle(request: IncomingMessage, { emulator, added, faults, readOnlyToken }: Setting): Promise<Answer> {
  const { method = "GET", url = "/", headers } = request;
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString("utf8");
  const fault = faults.find((each) => each.times > 0 && each.method === method && each.path.test(url));
  if (fault) {
    fault.times -= 1;
    return { ...problem(fault.status, fault.message ?? "fault"), headers: fault.headers ?? {} };
  }
  const authorization = headers.authorization ?? "";
  const notPermitted = problem(403, "Resource not accessible by integration");
  if (method !== "GET" && authorization.endsWith(readOnlyToken)) return notPermitted;
  if (url === "/user" && !authorization.endsWith("admin")) return notPermitted;
  const refused = overLimit(text);
  if (refused) return problem(422, refused);
  const own = added.answer(method, url, text);
  if (own) return own;
  const passed = await fetch(emulator + url, {
    method,
    headers: { authorization, "content-type": "application/json" },
    ...(text === "" ? {} : { body: text }),
  });
  const body = added.amend(method, url, await passed.text());
  const link = passed.headers.get("link")?.replaceAll(emulator, `http://${headers.host}`);
  return { status: passed.status, body, ...(link ? { headers: { link } } : {}) };
}

/** What GitHub refuses with 422. */
function overLimit(text: string): string | null {
  if (text === "") return null;
  const { body, output } = JSON.parse(text) as {
    body?: string;
    output?: { summary?: string; annotations?: unknown[] };
  };
  if ((body ?? "").length > bodyLimit) return "body is too long (maximum is 65536 characters)";
  if ((output?.summary ?? "").length > textLimit) return "summary is too long";
  return (output?.annotations ?? []).length > annotationLimit ? "annotations: no more than 50 items are allowed" : null;
}

function problem(status: number, message: string): Answer {
  return { status, body: JSON.stringify({ message, documentation_url: "https://docs.github.com/rest" }) };
}

function send(response: ServerResponse, { status, body, headers = {} }: Answer): void {
  if (headers.location?.startsWith("/"))
    headers = { ...headers, location: `http://${response.req.headers.host}${headers.location}` };
  const hasBody = status !== 204;
  response.writeHead(status, { ...(hasBody ? { "content-type": "application/json; charset=utf-8" } : {}), ...headers });
  response.end(hasBody ? body : undefined);
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((listening) => probe.listen(0, "127.0.0.1", listening));
  const { port } = probe.address() as AddressInfo;
  await closed(probe);
  return port;
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((done) => server.close(() => done()));
}
