import { describe, expect, it } from "vitest";
import { type HttpOptions, openHttpClient } from "../../pipelines/mlflow/http-client.ts";
import { MlflowError, mlflowApi } from "../../pipelines/mlflow/mlflow-api.ts";
import { readServerSettings } from "../../pipelines/mlflow/server-settings.ts";
import { type Answer, sendJson, startServer } from "./local-server.ts";

const now = new Date("2026-05-01T12:00:00Z");
const get = { method: "GET", path: "/api/2.0/mlflow/registered-models/get" } as const;
const create = { method: "POST", path: "/api/2.0/mlflow/runs/create", json: {}, once: true } as const;

async function withServer(answer: Answer, options: Partial<HttpOptions> = {}, env: Record<string, string> = {}) {
  const server = await startServer(answer);
  const waits: number[] = [];
  const settings = readServerSettings({ MLFLOW_TRACKING_URI: `${server.url}/base/`, ...env });
  const wait = async (ms: number) => void waits.push(ms);
  const send = openHttpClient(settings, { clock: { now: () => now }, random: () => 1, wait, ...options });
  return { send, waits, received: server.received, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

const failFirst = (times: number, fail: Answer): Answer => {
  let seen = 0;
  return (request, response) => ((seen += 1) <= times ? fail(request, response) : sendJson(response, 200, { ok: 1 }));
};

async function failureOf(work: Promise<unknown>): Promise<MlflowError> {
  const error = await work.then(
    () => null,
    (found: unknown) => found,
  );
  expect(error).toBeInstanceOf(MlflowError);
  return error as MlflowError;
}

describe("a server that is busy", () => {
  it("is asked again after 503, with longer waits", async () => {
    await using server = await withServer(failFirst(2, (_, response) => sendJson(response, 503, {})));
    expect((await server.send(get)).toString()).toBe('{"ok":1}');
    expect(server.waits).toEqual([400, 800]);
    expect(server.received.map(({ url }) => url)).toEqual(Array(3).fill(`/base${get.path}`));
  });

  const asked = [
    { title: "seconds", value: "7", wait: 7000 },
    { title: "a date", value: "Fri, 01 May 2026 12:00:05 GMT", wait: 5000 },
    { title: "a date that is past", value: "Fri, 01 May 2026 11:00:00 GMT", wait: 0 },
    { title: "nonsense", value: "soon", wait: 400 },
  ];
  it.each(asked)("is asked again when Retry-After says: $title", async ({ value, wait }) => {
    const busy: Answer = (_, response) => response.writeHead(429, { "retry-after": value }).end();
    await using server = await withServer(failFirst(1, busy));
    await server.send(create);
    expect(server.waits).toEqual([wait]);
  });

  it("is given up when it asks for more than half a minute", async () => {
    const busy: Answer = (_, response) => response.writeHead(429, { "retry-after": "3600" }).end();
    await using server = await withServer(busy);
    expect((await failureOf(server.send(get))).message).toBe("the MLflow server answered HTTP 429");
    expect(server.received).toHaveLength(1);
  });

  it("is given up after four attempts, with its own words", async () => {
    const broken: Answer = (_, response) =>
      sendJson(response, 500, { error_code: "INTERNAL_ERROR", message: "disk\nstack" });
    await using server = await withServer(broken);
    const error = await failureOf(server.send(get));
    expect(error.message).toBe("the MLflow server answered HTTP 500 INTERNAL_ERROR: disk");
    expect(error.facts).toEqual({ status: 500, code: "INTERNAL_ERROR", unclear: true });
    expect(error.safe).toContain("mergeml mlflow sync");
    expect(server.received).toHaveLength(4);
  });

  it("is not asked to create something again when it may have done so", async () => {
    await using server = await withServer((_, response) => void response.destroy());
    expect((await failureOf(server.send(create))).facts.unclear).toBe(true);
    expect(server.received).toHaveLength(1);
  });
});

describe("a server that does not do what it should", () => {
  it("that is silent is left after the time-out", async () => {
    await using server = await withServer(() => {}, { timeoutMs: 30 });
    expect((await failureOf(server.send(create))).message).toMatch(/cannot be reached: it did not answer in time$/);
  });

  it("is left at once when the whole work has to end", async () => {
    const work = new AbortController();
    const end = () => work.abort(new DOMException("", "TimeoutError"));
    await using server = await withServer(end, { signal: work.signal });
    expect((await failureOf(server.send(get))).message).toMatch(/did not answer in time$/);
    expect(server.received).toHaveLength(1);
  });

  it("that answers without end is cut off", async () => {
    const endless: Answer = (_, response) => {
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536)));
      };
      response.on("drain", more);
      more();
    };
    await using server = await withServer(endless);
    const error = await failureOf(server.send({ ...get, largest: 1000 }));
    expect(error.message).toBe("the MLflow server is not used: its answer is larger than 1000 bytes");
    expect(server.received).toHaveLength(1);
  });

  it("that refuses is heard out, however little was asked for", async () => {
    const missing: Answer = (_, response) =>
      sendJson(response, 404, { error_code: "NOT_FOUND", message: "no such file" });
    await using server = await withServer(missing);
    const error = await failureOf(server.send({ ...get, largest: 3 }));
    expect(error.message).toBe("the MLflow server answered HTTP 404 NOT_FOUND: no such file");
  });

  const garbage = ["<html>Welcome</html>", '"text"', "null"];
  it.each(garbage)("that answers %s is no MLflow server", async (text) => {
    await using server = await withServer((_, response) => response.end(text));
    const error = await failureOf(mlflowApi(server.send).registeredModel("rent"));
    expect(error.message).toMatch(/did not answer as MLflow does/);
  });

  it("that redirects is not followed, so that nobody else gets the token", async () => {
    const login: Answer = (_, response) =>
      response.writeHead(302, { location: "https://login.example.org/?next=x" }).end();
    await using server = await withServer(login);
    const { message } = await failureOf(server.send(get));
    expect(message).toMatch(/sends us on to https:\/\/login\.example\.org \(HTTP 302\), which is not followed/);
  });

  it("that is not there is named without its credentials", async () => {
    const settings = readServerSettings({ MLFLOW_TRACKING_URI: "http://ada:hunter2@127.0.0.1:9/mlflow?key=hunter2" });
    const send = openHttpClient(settings, { clock: { now: () => now }, wait: async () => {} });
    const error = await failureOf(send(create));
    expect(error.message).toMatch(/^the MLflow server at http:\/\/127\.0\.0\.1:9\/mlflow cannot be reached: /);
    expect(`${error.message}${error.tried}${error.safe}`).not.toContain("hunter2");
  });
});

describe("signing in", () => {
  const ways = [
    { title: "a token", env: { MLFLOW_TRACKING_TOKEN: "s3cret" }, header: "Bearer s3cret" },
    {
      title: "a user and password, before a token",
      env: { MLFLOW_TRACKING_USERNAME: "ada", MLFLOW_TRACKING_PASSWORD: "s3cret", MLFLOW_TRACKING_TOKEN: "other" },
      header: `Basic ${Buffer.from("ada:s3cret").toString("base64")}`,
    },
    { title: "nothing", env: {}, header: undefined },
  ];
  it.each(ways)("with $title; what the server echoes is not told", async ({ env, header }) => {
    const echo: Answer = ({ headers }, response) =>
      sendJson(response, 400, { error_code: "BAD", message: `got ${headers.authorization} and s3cret\u001b[31m` });
    await using server = await withServer(echo, {}, env as unknown as Record<string, string>);
    const error = await failureOf(server.send(get));
    expect(server.received[0]?.headers.authorization).toBe(header);
    expect(error.message).toMatch(
      header ? /BAD: got (Bearer|Basic) \*\*\* and \*\*\*/ : /BAD: got undefined and s3cret/,
    );
    expect(error.message).not.toContain("\u001b");
  });

  it("that is refused names the settings", async () => {
    await using server = await withServer((_, response) => response.writeHead(401).end("no"));
    expect((await failureOf(server.send(get))).message).toMatch(
      /refused our credentials \(HTTP 401\): check MLFLOW_TRACKING_TOKEN/,
    );
    expect(server.received).toHaveLength(1);
  });
});
