import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { expect, test } from "vitest";
import { deletePackageVersion, sweepPackage } from "../../../pipelines/data/stores/oci/github-packages.ts";
import { openRegistryClient, registryCredentials } from "../../../pipelines/data/stores/oci/registry-client.ts";
import { systemClock } from "../../../pipelines/ports/host.ts";

interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: unknown;
}

/** A server on the loopback that answers as it is told. */
async function serve(answer: (request: IncomingMessage, host: string) => Answer) {
  const server = createServer((request, response) => {
    const { status, headers = {}, body = {} } = answer(request, request.headers.host ?? "");
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const close = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  };
  return { host: `127.0.0.1:${port}`, [Symbol.asyncDispose]: close };
}

const credentials = { username: "ada", password: "secret-of-a-test" };
const patience = { attempts: 2, firstWait: 0.01 };

test("a token is asked for with the password, used, and asked for again when it has expired", async () => {
  const asked: string[] = [];
  let valid = "";
  await using server = await serve(({ url = "", headers }, host) => {
    if (url.startsWith("/token")) {
      asked.push(url);
      expect(headers.authorization).toBe(`Basic ${Buffer.from("ada:secret-of-a-test").toString("base64")}`);
      valid = `token-${asked.length}`;
      return { status: 200, body: { token: valid } };
    }
    if (headers.authorization === `Bearer ${valid}`) return { status: 200, body: { tags: ["a"] } };
    return { status: 401, headers: { "www-authenticate": `Bearer realm="http://${host}/token",service="test"` } };
  });
  const client = openRegistryClient({
    host: server.host,
    name: "acme/models",
    credentials,
    clock: systemClock,
    patience,
  });
  const list = () => client.ask({ method: "GET", path: "tags/list", action: "push" });
  expect((await list()).status).toBe(200);
  await list();
  expect(asked).toEqual(["/token?service=test&scope=repository%3Aacme%2Fmodels%3Apull%2Cpush"]);
  valid = "another";
  await list();
  expect(asked).toHaveLength(2);
});

test("the password goes to no other host over plain http, and into no message", async () => {
  let told = 0;
  await using server = await serve(() => {
    told += 1;
    return { status: 401, headers: { "www-authenticate": 'Bearer realm="http://evil.example/token"' } };
  });
  const client = openRegistryClient({
    host: server.host,
    name: "acme/models",
    credentials,
    clock: systemClock,
    patience,
  });
  const error = await client.ask({ method: "GET", path: "tags/list", action: "pull" }).catch((caught: Error) => caught);
  expect(String(error)).toContain("asks to sign in over plain http, at evil.example");
  expect(String(error)).not.toContain("secret-of-a-test");
  expect(told).toBe(1);
});

test("what it lacks is said: credentials, or a right", async () => {
  await using open = await serve(() => ({ status: 401, headers: { "www-authenticate": 'Basic realm="x"' } }));
  const asAnybody = openRegistryClient({
    host: open.host,
    name: "a/b",
    credentials: null,
    clock: systemClock,
    patience,
  });
  await expect(asAnybody.ask({ method: "GET", path: "tags/list", action: "pull" })).rejects.toThrow(
    `there are no credentials: run docker login ${open.host}`,
  );
  await using denied = await serve(() => ({ status: 403, body: { errors: [{ code: "DENIED", message: "no" }] } }));
  const asAda = openRegistryClient({ host: denied.host, name: "a/b", credentials, clock: systemClock, patience });
  await expect(asAda.ask({ method: "GET", path: "tags/list", action: "push" })).rejects.toThrow(
    /DENIED: no.*packages: write/,
  );
});

test.each([
  [
    "ghcr.io takes the job's own token",
    "ghcr.io",
    { GITHUB_TOKEN: "t", GITHUB_ACTOR: "ada" },
    { username: "ada", password: "t" },
  ],
  ["no other registry gets it", "registry.example", { GITHUB_TOKEN: "t", GITHUB_ACTOR: "ada" }, null],
  [
    "what docker login wrote is for its host",
    "registry.example",
    { DOCKER_AUTH_CONFIG: JSON.stringify({ auths: { "registry.example": { auth: btoa("bob:p:w") } } }) },
    { username: "bob", password: "p:w" },
  ],
  [
    "and for no other",
    "evil.example",
    { DOCKER_AUTH_CONFIG: JSON.stringify({ auths: { "registry.example": { auth: btoa("bob:pw") } } }) },
    null,
  ],
])("%s", (_title, host, env, expected) => {
  expect(registryCredentials(host, { HOME: "/nowhere", ...env })).toEqual(expected);
});

test("GitHub deletes by its API, in an organisation's package or a user's", async () => {
  const deleted: string[] = [];
  const versions = [
    { id: 1, name: "sha256:aa", updated_at: "2026-01-01T00:00:00Z", metadata: { container: { tags: ["fp-1"] } } },
    { id: 2, name: "sha256:bb", updated_at: "2026-01-01T00:00:00Z", metadata: { container: { tags: [] } } },
    { id: 3, name: "sha256:cc", updated_at: "2026-03-01T00:00:00Z", metadata: { container: { tags: [] } } },
  ];
  await using server = await serve(({ method, url = "", headers }) => {
    expect(headers.authorization).toBe("Bearer secret-of-a-test");
    if (!url.startsWith("/users/acme/packages/container/models%2Fstore/versions")) return { status: 404 };
    if (method === "DELETE") deleted.push(url);
    return method === "DELETE" ? { status: 204 } : { status: 200, body: url.includes("page=1") ? versions : [] };
  });
  const settings = { host: "ghcr.io", name: "acme/models/store", credentials, clock: systemClock, patience };
  await deletePackageVersion(settings, "sha256:aa", `http://${server.host}`);
  expect(await sweepPackage(settings, new Date("2026-02-01"), `http://${server.host}`)).toBe(1);
  expect(deleted.map((url) => url.split("/").at(-1))).toEqual(["1", "2"]);
});
