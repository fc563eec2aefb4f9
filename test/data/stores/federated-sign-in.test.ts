import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { expect, test } from "vitest";
import { awsAuthOf, azureAuthOf, openAwsCredentials } from "../../../pipelines/data/object-storage/credentials.ts";
import { openAzureStore, openS3Store } from "../../../pipelines/data/stores/bucket-address.ts";

/** GitHub's token service, AWS STS and Microsoft Entra in one, which write down what they are asked. */
async function serve(answers: Readonly<Record<string, { status: number; body: string }>>) {
  const asked: { url: string; body: string; authorization: string | undefined }[] = [];
  const server = createServer(async (request: IncomingMessage, response) => {
    const body = Buffer.concat(await request.toArray()).toString("utf8");
    const { url = "" } = request;
    asked.push({ url, body, authorization: request.headers.authorization });
    const answer = answers[url.split("?")[0] ?? ""] ?? { status: 404, body: "" };
    response.writeHead(answer.status).end(answer.body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const close = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  };
  return { url: `http://127.0.0.1:${port}`, asked, [Symbol.asyncDispose]: close };
}

const identity = { status: 200, body: '{"value":"jwt-of-the-job"}' };
const actions = (url: string) => ({
  ACTIONS_ID_TOKEN_REQUEST_URL: `${url}/identity?api=1`,
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: "bearer-of-the-job",
});
const assumed = (expires: string) =>
  `<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIA1</AccessKeyId>
  <SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>${expires}</Expiration></Credentials>
  </AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`.replaceAll(/>\s+</g, "><");

test("a job assumes its role by the identity that GitHub vouches for, and again before that ends", async () => {
  await using server = await serve({
    "/identity": identity,
    "/": { status: 200, body: assumed("2026-01-01T01:00:00Z") },
  });
  const env = { ...actions(server.url), AWS_ROLE_ARN: "arn:aws:iam::1:role/x", AWS_ENDPOINT_URL_STS: server.url };
  let now = "2026-01-01T00:00:00Z";
  expect(awsAuthOf(env)).toBe("oidc");
  const source = openAwsCredentials("oidc", env, { now: () => new Date(now) });
  expect(await source.get()).toMatchObject({ accessKeyId: "ASIA1", secretAccessKey: "s", sessionToken: "t" });
  await source.get();
  expect(server.asked.map(({ url }) => url)).toEqual(["/identity?api=1&audience=sts.amazonaws.com", "/"]);
  expect(server.asked[0]?.authorization).toBe("Bearer bearer-of-the-job");
  expect(new URLSearchParams(server.asked[1]?.body).get("WebIdentityToken")).toBe("jwt-of-the-job");
  now = "2026-01-01T00:56:00Z";
  await source.get();
  expect(server.asked).toHaveLength(4);
  expect(source.renew()).toBe(true);
  await source.get();
  expect(server.asked).toHaveLength(6);
});

test("a role that does not trust the job says so, without the token", async () => {
  const refusal =
    "<ErrorResponse><Error><Code>AccessDenied</Code><Message>Not authorized</Message></Error></ErrorResponse>";
  await using server = await serve({ "/identity": identity, "/": { status: 403, body: refusal } });
  const env = { ...actions(server.url), AWS_ROLE_ARN: "arn:aws:iam::1:role/x", AWS_ENDPOINT_URL_STS: server.url };
  const error = await openAwsCredentials("oidc", env, { now: () => new Date() })
    .get()
    .catch((caught: Error) => caught);
  expect(String(error)).toContain("AWS does not let this job be arn:aws:iam::1:role/x: AccessDenied: Not authorized");
  expect(String(error)).not.toContain("jwt-of-the-job");
});

test("Azure federates with the same identity", async () => {
  const path = "/tenant-1/oauth2/v2.0/token";
  const body = JSON.stringify({ access_token: "azure-token", expires_in: 3600 });
  await using server = await serve({ "/identity": identity, [path]: { status: 200, body } });
  const env = {
    ...actions(server.url),
    AZURE_CLIENT_ID: "c",
    AZURE_TENANT_ID: "tenant-1",
    AZURE_AUTHORITY_HOST: server.url,
  };
  const auth = azureAuthOf("acmeml", env, { now: () => new Date() });
  if (auth.by !== "token") throw new Error(auth.by);
  expect((await auth.read()).token).toBe("azure-token");
  await auth.read();
  expect(server.asked).toHaveLength(2);
  expect(new URLSearchParams(server.asked[1]?.body).get("client_assertion")).toBe("jwt-of-the-job");
});

const clock = { now: () => new Date() };

test.each([
  ["s3://Bad_Bucket/x?region=eu", '"Bad_Bucket" is no name of a bucket'],
  ["s3://acme-models/x", "nothing says in which region the bucket is"],
  ["s3://key:secret@acme-models/x?region=eu", "is no address"],
  ["s3://acme-models/x?region=eu&regoin=us", "its setting regoin is unknown"],
  ["s3://acme-models/x?endpoint=ftp://x", "its endpoint is no address of a server"],
])("%s is refused", (address, message) => {
  expect(() => openS3Store(address, { env: {}, clock })).toThrow(message);
});

test("what would be sent as it is goes to Azure alone", () => {
  const env = { AZURE_STORAGE_SAS_TOKEN: "?sv=1&sig=secret" };
  const open = (endpoint: string) => openAzureStore(`azure://acmeml/models/x?endpoint=${endpoint}`, { env, clock });
  expect(() => open("https://evil.example")).toThrow("goes to Azure alone");
  expect(open("http://127.0.0.1:10000/acmeml").signedIn).toBe(true);
  const key = { AZURE_STORAGE_CONNECTION_STRING: "AccountName=acmeml;AccountKey=a2V5;EndpointSuffix=core.windows.net" };
  expect(azureAuthOf("acmeml", key, clock)).toMatchObject({ by: "key", key: "a2V5" });
  expect(azureAuthOf("another", key, clock)).toMatchObject({ by: "none" });
});
