import { once } from "node:events";
import { createServer } from "node:http";
import { expect, test } from "vitest";
import { openAzure } from "../../../pipelines/data/object-storage/azure.ts";
import { openAwsCredentials } from "../../../pipelines/data/object-storage/credentials.ts";
import type { ObjectStorage } from "../../../pipelines/data/object-storage/object-storage.ts";
import { openS3 } from "../../../pipelines/data/object-storage/s3.ts";
import { openRegistryClient } from "../../../pipelines/data/stores/oci/registry-client.ts";
import { systemClock } from "../../../pipelines/ports/host.ts";

interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: string;
}

/** A server that answers as one does that no test can fill, or make wait for an hour. */
async function serve(answer: (asked: { count: number; headers: Record<string, unknown> }) => Answer) {
  let count = 0;
  const server = createServer((request, response) => {
    request.resume().on("end", () => {
      const { status, headers = {}, body = "" } = answer({ count: count++, headers: request.headers });
      response.writeHead(status, headers).end(body);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const close = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  };
  return { host: `127.0.0.1:${port}`, asked: () => count, [Symbol.asyncDispose]: close };
}

const patience = { attempts: 3, firstWait: 0.01 };
const keys = {
  AWS_ACCESS_KEY_ID: "key",
  AWS_SECRET_ACCESS_KEY: "secret-of-a-test",
  AWS_SESSION_TOKEN: "token-of-a-test",
};

function s3(host: string, auth: "env" | "oidc" = "env", env: Record<string, string> = keys): ObjectStorage {
  const credentials = openAwsCredentials(auth, env, systemClock);
  const place = { bucket: "acme-models", region: "us-east-1", endpoint: `http://${host}` };
  return openS3({ ...place, credentials, signedIn: true, clock: systemClock, patience });
}

function azure(host: string, clock = systemClock): ObjectStorage {
  const place = { account: "acmeml", container: "models", endpoint: `http://${host}/acmeml` };
  return openAzure({ ...place, auth: { by: "key", account: "acmeml", key: "a2V5" }, clock, patience });
}

const s3Error = (code: string) => `<?xml version="1.0"?><Error><Code>${code}</Code><Message>no</Message></Error>`;

test.each([
  ["Ceph", { status: 403, body: s3Error("QuotaExceeded") }, "the bucket is full"],
  ["MinIO", { status: 507, body: s3Error("XMinioStorageFull") }, "the server's disk is full"],
])("a full bucket of %s is said to be, at once", async (_name, answer, message) => {
  await using server = await serve(() => answer);
  await expect(s3(server.host).put("key", Buffer.from("x"))).rejects.toThrow(message);
  expect(server.asked()).toBe(1);
});

test("so is a full account of Azure", async () => {
  await using server = await serve(() => ({ status: 507, headers: { "x-ms-error-code": "InsufficientStorage" } }));
  await expect(azure(server.host).put("key", Buffer.from("x"))).rejects.toThrow("the account is full");
  expect(server.asked()).toBe(1);
});

test.each([
  ["one with a quota", 403, "DENIED", "quota exceeded for acme", "quota exceeded for acme"],
  ["one whose disk is full", 507, "UNKNOWN", "no space left on device", "its disk is full, or its quota used up"],
])("so is a full registry: %s", async (_name, status, code, message, told) => {
  const body = JSON.stringify({ errors: [{ code, message }] });
  await using server = await serve(() => ({ status, body }));
  const credentials = { username: "ada", password: "secret-of-a-test" };
  const client = openRegistryClient({ host: server.host, name: "a/b", credentials, clock: systemClock, patience });
  const asked = client.ask({ method: "POST", path: "blobs/uploads/", action: "push" });
  await expect(asked).rejects.toThrow(told);
  expect(server.asked()).toBe(1);
});

test("a session that has ended is said to be, and not told", async () => {
  await using server = await serve(() => ({ status: 400, body: s3Error("ExpiredToken") }));
  const error = await s3(server.host)
    .get("key")
    .catch((caught: Error) => caught);
  expect(String(error)).toContain("the credentials have expired: get new ones and run it again");
  expect(JSON.stringify([String(error), error])).not.toMatch(/secret-of-a-test|token-of-a-test/);
});

test("one of an identity is renewed, once", async () => {
  const assumed = `<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>
    <AccessKeyId>A</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken></Credentials>
    </AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`.replaceAll(/>\s+</g, "><");
  await using sts = await serve(() => ({ status: 200, body: assumed }));
  await using identity = await serve(() => ({ status: 200, body: '{"value":"jwt"}' }));
  await using server = await serve(({ count }) =>
    count === 0 ? { status: 400, body: s3Error("ExpiredToken") } : { status: 200, body: "content" },
  );
  const env = {
    AWS_ROLE_ARN: "arn:aws:iam::1:role/x",
    AWS_ENDPOINT_URL_STS: `http://${sts.host}`,
    ACTIONS_ID_TOKEN_REQUEST_URL: `http://${identity.host}/`,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: "bearer",
  };
  expect(await s3(server.host, "oidc", env).get("key")).toEqual(Buffer.from("content"));
  expect([sts.asked(), server.asked()]).toEqual([2, 2]);
});

test("Azure: a clock that is wrong is corrected, and a key that is wrong is not asked for twice", async () => {
  const now = Date.now();
  await using server = await serve(({ headers }) => {
    const late = Math.abs(Date.parse(String(headers["x-ms-date"])) - now) > 15 * 60_000;
    return late
      ? { status: 403, headers: { "x-ms-error-code": "AuthenticationFailed" } }
      : { status: 200, body: "content" };
  });
  const storage = azure(server.host, { now: () => new Date(Date.now() - 3 * 3600_000) });
  expect(await storage.get("key")).toEqual(Buffer.from("content"));
  expect(await storage.get("key")).toEqual(Buffer.from("content"));
  expect(server.asked()).toBe(3);
  expect(Math.abs(storage.now().getTime() - now)).toBeLessThan(60_000);
  await using closed = await serve(() => ({ status: 403, headers: { "x-ms-error-code": "AuthenticationFailed" } }));
  await expect(azure(closed.host).get("key")).rejects.toThrow("AZURE_STORAGE_KEY is not the account's");
  expect(closed.asked()).toBe(1);
});
