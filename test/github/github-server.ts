import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createEmulator } from "emulate";
import { type Added, addedRoutes } from "./added-routes.ts";
import { type Answer, json, problem } from "./answer.ts";
import { type Fault, type Faults, faultAnswer, pendingFaults } from "./fault.ts";
import { overLimit } from "./limits.ts";
import { githubConformance } from "./openapi/conformance.ts";

interface RecordedRequest {
  method: string;
  path: string;
  /** 0 when the connection was dropped. */
  status: number;
}

/** GitHub for tests: the emulator's state, what it lacks, the limits that GitHub has, and faults on demand. */
export interface TestGitHub extends AsyncDisposable {
  /** For GITHUB_API_URL. */
  url: string;
  token: string;
  /** A token that may only read. */
  readOnlyToken: string;
  /** An installation token of another app than GitHub's own for workflows. */
  appToken: string;
  requests: RecordedRequest[];
  added: Added;
  fail(fault: Fault): void;
  faultsLeft(): readonly Fault[];
  /** A request expected to succeed, as the repository's owner would make it, or as a visitor. */
  ask<T>(method: string, path: string, body?: unknown, who?: "owner" | "visitor"): Promise<T>;
}

/**
 * Starts it on loopback. Every request of our client and its answer are held against GitHub's description of its API, and
 * disposing throws when one did not conform.
 */
export async function startGitHub({ owner, repo }: { owner: string; repo: string }): Promise<TestGitHub> {
  const bot = "github-actions[bot]";
  const app = "our-app[bot]";
  const [token, readOnlyToken, appToken] = ["ghs_write", "ghs_read", "ghs_app"];
  const emulator = await createEmulator({
    service: "github",
    port: 0,
    seed: {
      tokens: Object.fromEntries(
        Object.entries({ [token]: bot, [readOnlyToken]: bot, [appToken]: app, owner, visitor: "eve" }).map(
          ([each, login]) => [each, { login, scopes: ["repo"] }],
        ),
      ),
      github: {
        users: [
          { login: owner, name: owner },
          { login: bot, name: bot },
          { login: app, name: app },
          { login: "eve", name: "Eve" },
        ],
        repos: [{ owner, name: repo, auto_init: true }],
      },
    },
  });
  const repository = await prepare(`${emulator.url}/repos/${owner}/${repo}`, [bot, app]);
  const added = addedRoutes(repository);
  const requests: RecordedRequest[] = [];
  const faults = pendingFaults();
  const conformance = githubConformance();
  const oddities = new Set<string>();
  const setting: Setting = {
    ...{ emulator: emulator.url, added, faults, readOnlyToken },
    viewers: { [token]: bot, [readOnlyToken]: bot, [appToken]: app },
    see: (asked, { status, body }) => {
      if (asked.headers["user-agent"]?.startsWith("mergeml"))
        for (const oddity of conformance({ ...asked, status, body: `${body}` })) oddities.add(oddity);
    },
  };
  const server = createServer(async (request, response) => {
    const answer = await handle(request, setting).catch((error: Error) => problem(500, error.message));
    requests.push({ method: request.method ?? "", path: request.url ?? "", status: answer?.status ?? 0 });
    if (answer) send(response, answer);
    else request.socket.destroy();
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    token,
    readOnlyToken,
    appToken,
    requests,
    added,
    fail: faults.add,
    faultsLeft: faults.left,
    ask: async <T>(method: string, path: string, body?: unknown, who = "owner") => {
      const headers = { authorization: `token ${who}`, "content-type": "application/json" };
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
      if (oddities.size > 0) throw new Error(`not as GitHub describes its API:\n${[...oddities].join("\n")}`);
    },
  };
}

/** Lets the bots write, and gives the repository in full. */
async function prepare(url: string, bots: readonly string[]): Promise<object> {
  const headers = { authorization: "token owner", "content-type": "application/json" };
  const write = { method: "PUT", headers, body: '{"permission":"push"}' };
  for (const bot of bots) {
    const { status } = await fetch(`${url}/collaborators/${encodeURIComponent(bot)}`, write);
    if (status !== 201) throw new Error(`the emulator does not let ${bot} write: ${status}`);
  }
  return (await (await fetch(url, { headers })).json()) as object;
}

interface Setting {
  emulator: string;
  added: Added;
  faults: Faults;
  readOnlyToken: string;
  /** Login by token, as GraphQL tells it. */
  viewers: Readonly<Record<string, string>>;
  /** Sees each request that was carried out, with its true answer. */
  see(asked: Asked, answer: Answer): void;
}

/** null: the connection is dropped. */
async function handle(request: IncomingMessage, setting: Setting): Promise<Answer | null> {
  const { method = "GET", headers } = request;
  const [, prefix = "", url = "/"] = /^(\/api\/v3)?(\/.*)$/.exec(request.url ?? "") ?? [];
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString("utf8");
  const fault = setting.faults.take(method, url);
  const fails = fault ? faultAnswer(fault) : null;
  if (fault && fault.when !== "after") return fails;
  if (/^(\/api)?\/graphql$/.test(url)) return viewer(headers.authorization, setting);
  const asked = { method, url, text, headers, address: `http://${headers.host}${prefix}` };
  const answer = await carriedOut(asked, setting);
  setting.see(asked, answer);
  return fault ? fails : answer;
}

/** All that is asked of GraphQL here. */
function viewer(authorization: string | undefined, { viewers }: Setting): Answer {
  const login = viewers[authorization?.replace(/^bearer /i, "") ?? ""];
  return login ? json(200, { data: { viewer: { login } } }) : problem(401, "Bad credentials");
}

interface Asked {
  method: string;
  url: string;
  text: string;
  headers: IncomingMessage["headers"];
  /** Of the API: GitHub Enterprise Server has it below a path. */
  address: string;
}

async function carriedOut(asked: Asked, setting: Setting): Promise<Answer> {
  const { emulator, added, readOnlyToken } = setting;
  const { method, url, text, headers, address } = asked;
  const authorization = headers.authorization ?? "";
  const notPermitted = problem(403, "Resource not accessible by integration");
  if (method !== "GET" && authorization.endsWith(readOnlyToken)) return notPermitted;
  if (url === "/user" && !authorization.endsWith("owner")) return notPermitted;
  const tooMuch = overLimit(text);
  if (tooMuch) return problem(422, tooMuch);
  const [, commit] = /^\/repos\/[^/]+\/[^/]+\/commits\/([0-9a-f]{40})\/pulls$/.exec(url) ?? [];
  if (commit) return json(200, await pullsOfCommit(asked, setting, added.pullsOfCommit.get(commit) ?? []));
  const own = added.answer({ method, url, text, server: address });
  if (own) return own;
  const passed = await fetch(emulator + url, {
    method,
    headers: { authorization, "content-type": "application/json" },
    ...(text === "" ? {} : { body: text }),
  });
  const body = added.amend(asked, await passed.text());
  const link = passed.headers.get("link")?.replaceAll(emulator, address);
  return { status: passed.status, body, ...(link ? { headers: { link } } : {}) };
}

/** The emulator's pull requests, with what is to be different in them. */
async function pullsOfCommit(asked: Asked, setting: Setting, pulls: readonly { number: number }[]): Promise<object[]> {
  const path = asked.url.replace(/\/commits\/.*$/, "/pulls");
  const known = pulls.map(async (pull) => {
    const { status, body } = await carriedOut({ ...asked, url: `${path}/${pull.number}` }, setting);
    return { ...(status === 200 ? (JSON.parse(`${body}`) as object) : {}), ...pull };
  });
  return Promise.all(known);
}

function send(response: ServerResponse, { status, body, headers = {} }: Answer): void {
  if (headers.location?.startsWith("/"))
    headers = { ...headers, location: `http://${response.req.headers.host}${headers.location}` };
  const hasBody = status !== 204;
  response.writeHead(status, { ...(hasBody ? { "content-type": "application/json; charset=utf-8" } : {}), ...headers });
  response.end(hasBody ? body : undefined);
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((done) => server.close(() => done()));
}
