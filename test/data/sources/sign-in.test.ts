import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SourceConfig, Sources } from "../../../pipelines/config/model-config.ts";
import { MissingCredential } from "../../../pipelines/data/sources/missing-credential.ts";
import { signIn } from "../../../pipelines/data/sources/sign-in.ts";
import { settingsOf } from "../../../pipelines/data/sources/storage-settings.ts";
import { systemClock } from "../../../pipelines/ports/host.ts";

let server: Server;
let host: string;
const heard: { path: string; body: string }[] = [];

/** GitHub's service of identity tokens and those of three clouds, on one port. */
const answers: Readonly<Record<string, (audience: string) => string>> = {
  "/identity": (audience) => JSON.stringify({ value: `github-vouches-to-${audience}` }),
  "/": () => `<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>
    <AccessKeyId>ASIAKEY</AccessKeyId><SecretAccessKey>aws-secret</SecretAccessKey><SessionToken>aws-session</SessionToken>
    <Expiration>2100-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`,
  "/acme/oauth2/v2.0/token": () => JSON.stringify({ access_token: "azure-token", expires_in: 3600 }),
  "/v1/token": () => JSON.stringify({ access_token: "google-federated" }),
  "/v1/projects/-/serviceAccounts/ml@acme.iam.gserviceaccount.com:generateAccessToken": () =>
    JSON.stringify({ accessToken: "google-token" }),
};

beforeAll(async () => {
  server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://a");
    heard.push({ path: pathname, body: decodeURIComponent(body) });
    response.end(answers[pathname]?.(searchParams.get("audience") ?? ""));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  host = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => void server.close());

const job = () => ({
  ACTIONS_ID_TOKEN_REQUEST_URL: `${host}/identity?api=1`,
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: "of-the-job",
  AWS_ENDPOINT_URL_STS: host,
  AZURE_AUTHORITY_HOST: host,
  GOOGLE_STS_URL: host,
  GOOGLE_IAM_URL: host,
});

const enter = (config: SourceConfig, env: Readonly<Record<string, string>>, sources: Sources = {}) =>
  signIn("lake", config, sources, env, systemClock);

const s3 = { type: "s3", url: "s3://acme-lake/ml/", auth: "oidc" } as const;
const provider = "projects/1/locations/global/workloadIdentityPools/github/providers/main";

describe("auth: oidc exchanges the workflow's identity", () => {
  test("for keys of AWS", async () => {
    const role = "arn:aws:iam::123456789012:role/mergeml";
    const access = await enter({ ...s3, role }, job());
    expect(access).toMatchObject({ kind: "s3", keys: { id: "ASIAKEY", secret: "aws-secret", session: "aws-session" } });
    expect(heard.at(-1)?.body).toContain("WebIdentityToken=github-vouches-to-sts.amazonaws.com");
    expect(heard.at(-1)?.body).toContain(`RoleArn=${role}`);
  });

  test("for a token of Azure", async () => {
    const config = {
      type: "azure",
      url: "az://lake/ml/",
      account: "acmelake",
      auth: "oidc",
      tenant: "acme",
      client: "app",
    } as const;
    expect(await enter(config, job())).toMatchObject({ kind: "azure", account: "acmelake", bearer: "azure-token" });
    expect(heard.at(-1)?.body).toContain("client_assertion=github-vouches-to-api://AzureADTokenExchange");
  });

  test("for a token of Google, of a service account or of the identity itself", async () => {
    const config = {
      type: "gcs",
      url: "gs://acme-lake/ml/",
      auth: "oidc",
      workload_identity_provider: provider,
    } as const;
    expect(await enter(config, job())).toMatchObject({ kind: "gcs", keys: null, bearer: "google-federated" });
    expect(heard.at(-1)?.body).toContain(`github-vouches-to-https://iam.googleapis.com/${provider}`);
    const account = { ...config, service_account: "ml@acme.iam.gserviceaccount.com" };
    expect(await enter(account, job())).toMatchObject({ bearer: "google-token" });
  });

  test.each<[string, SourceConfig, string]>([
    ["AWS", s3, "neither role in mergeml.yaml nor AWS_ROLE_ARN"],
    ["Azure", { type: "azure", url: "az://lake/", auth: "oidc" }, "neither tenant in mergeml.yaml nor AZURE_TENANT_ID"],
    [
      "Google",
      { type: "gcs", url: "gs://acme-lake/", auth: "oidc" },
      "neither workload_identity_provider in mergeml.yaml",
    ],
  ])("and says what is missing for %s, as for a job that nobody vouches for", async (_title, config, message) => {
    await expect(enter(config, job())).rejects.toThrow(message);
    const unknown = enter(config, {});
    await expect(unknown).rejects.toThrow(MissingCredential);
    await expect(unknown).rejects.toThrow("nobody vouches for this job");
  });
});

describe("auth: env", () => {
  const keys = {
    AWS_ACCESS_KEY_ID: "A",
    AWS_SECRET_ACCESS_KEY: "B",
    AWS_SESSION_TOKEN: "C",
    LAKE_ID: "D",
    LAKE_KEY: "E",
  };
  const env = { type: "s3", url: "s3://acme-lake/ml/" } as const;

  test("takes the usual variables, or those that are named and no others", async () => {
    expect(await enter(env, keys)).toMatchObject({ keys: { id: "A", secret: "B", session: "C" } });
    const named = { ...env, access_key_id: { env: "LAKE_ID" }, secret_access_key: { env: "LAKE_KEY" } };
    expect(await enter(named, keys)).toMatchObject({ keys: { id: "D", secret: "E", session: null } });
    expect(await enter({ ...env, auth: "none" }, keys)).toMatchObject({ keys: null });
    await expect(enter(env, { AWS_ACCESS_KEY_ID: "A" })).rejects.toThrow(
      "needs the environment variable AWS_SECRET_ACCESS_KEY",
    );
  });

  test("of a table without settings of its own is that of the source of its bucket", async () => {
    const lake = {
      type: "s3",
      url: "s3://acme-lake/ml/",
      endpoint: "http://127.0.0.1:9",
      region: "eu-central-1",
      auth: "none",
    } as const;
    const sources: Sources = { lake, other: { ...lake, url: "s3://other/", region: "us-east-2" } };
    const access = await enter({ type: "delta", url: "s3://acme-lake/trips" }, {}, sources);
    expect(access).toEqual({ kind: "s3", endpoint: "http://127.0.0.1:9", region: "eu-central-1", keys: null });
    expect(settingsOf("s3://unknown/x", {}, sources)).toEqual({});
    expect(settingsOf("gs://acme-lake/x", {}, sources)).toEqual({});
  });
});
