import { readFile } from "node:fs/promises";
import { UserError } from "../../errors/expected-error.ts";
import type { Clock, Environment } from "../../ports/host.ts";
import { ServerError, sendRequest } from "./send-request.ts";
import { parseXml, textOf } from "./xml.ts";

interface AwsCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
  /** When they end; null for those that do not, or do not tell. */
  expires: Date | null;
}

/** Credentials as they are needed: renewed before they end, and when a server calls them expired. */
export interface AwsCredentialSource {
  /** null for requests that nobody signs. */
  get(): Promise<AwsCredentials | null>;
  /** Whether there may be others after these were refused as expired. */
  renew(): boolean;
}

/** How to come by credentials: from the environment, for an identity that a service vouches for, or not at all. */
type AwsAuth = "oidc" | "env" | "none";

/** Which of them the environment has; keys that are there win. */
export function awsAuthOf(env: Environment): AwsAuth {
  if (env.AWS_ACCESS_KEY_ID && env.AWS_SECRET_ACCESS_KEY) return "env";
  return env.AWS_ROLE_ARN && (env.AWS_WEB_IDENTITY_TOKEN_FILE || isFromActions(env)) ? "oidc" : "none";
}

/** Credentials are renewed when they end sooner than this. */
const renewBeforeMs = 5 * 60_000;

/** Throws UserError, when credentials are asked for, where the environment lacks what `auth` needs. */
export function openAwsCredentials(auth: AwsAuth, env: Environment, clock: Clock): AwsCredentialSource {
  if (auth === "none") return { get: async () => null, renew: () => false };
  if (auth === "env") return { get: async () => fromEnvironment(env), renew: () => false };
  let current: Promise<AwsCredentials> | null = null;
  let ends = Number.POSITIVE_INFINITY;
  const assume = async () => {
    const assumed = await assumeRole(env, clock);
    ends = assumed.expires?.getTime() ?? Number.POSITIVE_INFINITY;
    return assumed;
  };
  return {
    get() {
      if (current === null || clock.now().getTime() > ends - renewBeforeMs) {
        current = assume();
        ends = Number.POSITIVE_INFINITY;
        current.catch(() => {
          current = null;
        });
      }
      return current;
    },
    renew() {
      current = null;
      return true;
    },
  };
}

function fromEnvironment(env: Environment): AwsCredentials {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN: token } = env;
  if (!accessKeyId || !secretAccessKey)
    throw new UserError({
      message: "there are no credentials for S3 in the environment",
      hint: "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_ROLE_ARN in a job with id-token: write",
    });
  return { accessKeyId, secretAccessKey, ...(token && { sessionToken: token }), expires: null };
}

/** AssumeRoleWithWebIdentity of AWS STS, which needs no signature: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html */
async function assumeRole(env: Environment, clock: Clock): Promise<AwsCredentials> {
  const role = env.AWS_ROLE_ARN ?? "";
  const token = await webIdentity(env, clock);
  const region = env.AWS_REGION || env.AWS_DEFAULT_REGION || "us-east-1";
  const server = env.AWS_ENDPOINT_URL_STS || `https://sts.${region}.amazonaws.com`;
  const asked = {
    Action: "AssumeRoleWithWebIdentity",
    Version: "2011-06-15",
    RoleArn: role,
    RoleSessionName: env.AWS_ROLE_SESSION_NAME || "mergeml",
    WebIdentityToken: token,
  };
  const request = {
    method: "POST",
    url: `${server}/`,
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams(asked).toString(),
  } as const;
  const answer = await sendRequest({ title: `AWS STS (${new URL(server).host})`, clock, secrets: [token] }, request);
  const xml = parseXml(answer.body.toString("utf8"));
  const given = textOf(xml, "AssumeRoleWithWebIdentityResponse", "AssumeRoleWithWebIdentityResult", "Credentials");
  const [accessKeyId, secretAccessKey, sessionToken, expires] = [
    "AccessKeyId",
    "SecretAccessKey",
    "SessionToken",
    "Expiration",
  ].map((name) => textOf(given, name));
  if (answer.status === 200 && typeof accessKeyId === "string" && typeof secretAccessKey === "string")
    return {
      accessKeyId,
      secretAccessKey,
      ...(typeof sessionToken === "string" && { sessionToken }),
      expires: typeof expires === "string" ? new Date(expires) : null,
    };
  const code = textOf(xml, "ErrorResponse", "Error", "Code");
  const why = [code, textOf(xml, "ErrorResponse", "Error", "Message")].filter((each) => typeof each === "string");
  throw new ServerError(
    `AWS does not let this job be ${role}: ${why.join(": ") || `HTTP ${answer.status}`}. The role's trust policy must name this repository and branch`,
    "AssumeRoleWithWebIdentity",
    { status: answer.status, code: typeof code === "string" ? code : null },
  );
}

async function webIdentity(env: Environment, clock: Clock): Promise<string> {
  const { AWS_WEB_IDENTITY_TOKEN_FILE: file } = env;
  return file ? (await readFile(file, "utf8")).trim() : readIdentityToken(env, "sts.amazonaws.com", clock);
}

interface AzureToken {
  token: string;
  expires: Date;
}

/** How requests to a storage account are signed. */
export type AzureAuth =
  | { by: "key"; account: string; key: string }
  | { by: "sas"; token: string }
  | { by: "token"; read(): Promise<AzureToken> }
  | { by: "none" };

/** What the environment has for an account: its key, a shared access signature, or an identity that Azure federates with. */
export function azureAuthOf(account: string, env: Environment, clock: Clock): AzureAuth {
  const { AZURE_STORAGE_SAS_TOKEN: sas } = env;
  const key = env.AZURE_STORAGE_KEY || keyIn(env.AZURE_STORAGE_CONNECTION_STRING ?? "", account);
  if (key) return { by: "key", account, key };
  if (sas) return { by: "sas", token: sas.replace(/^\?/, "") };
  const federated = env.AZURE_CLIENT_ID && env.AZURE_TENANT_ID;
  if (federated && (env.AZURE_FEDERATED_TOKEN_FILE || isFromActions(env)))
    return { by: "token", read: renewed(() => exchangeToken(env, clock), clock) };
  return { by: "none" };
}

/** The key in a connection string, when that is the account's. */
function keyIn(text: string, account: string): string | null {
  const part = (name: string) => new RegExp(`(?:^|;)\\s*${name}=([^;]+)`, "i").exec(text)?.[1] ?? null;
  return part("AccountName") === account ? part("AccountKey") : null;
}

/** Reads a token again only when it is about to end. */
function renewed(read: () => Promise<AzureToken>, clock: Clock): () => Promise<AzureToken> {
  let current: AzureToken | null = null;
  return async () => {
    if (current === null || clock.now().getTime() > current.expires.getTime() - 5 * 60_000) current = await read();
    return current;
  };
}

/** The client credentials flow with a federated assertion: https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow */
async function exchangeToken(env: Environment, clock: Clock): Promise<AzureToken> {
  const { AZURE_CLIENT_ID: client = "", AZURE_TENANT_ID: tenant = "", AZURE_FEDERATED_TOKEN_FILE: file } = env;
  const server = env.AZURE_AUTHORITY_HOST || "https://login.microsoftonline.com/";
  const assertion = file
    ? (await readFile(file, "utf8")).trim()
    : await readIdentityToken(env, "api://AzureADTokenExchange", clock);
  const form = {
    client_id: client,
    scope: "https://storage.azure.com/.default",
    grant_type: "client_credentials",
    client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    client_assertion: assertion,
  };
  const url = new URL(`${encodeURIComponent(tenant)}/oauth2/v2.0/token`, server.endsWith("/") ? server : `${server}/`);
  const answer = await sendRequest(
    { title: "Microsoft Entra", clock, secrets: [assertion] },
    {
      method: "POST",
      url: url.href,
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams(form).toString(),
    },
  );
  const told = parsed(answer.body);
  if (answer.status === 200 && typeof told.access_token === "string")
    return {
      token: told.access_token,
      expires: new Date(clock.now().getTime() + Number(told.expires_in ?? 300) * 1000),
    };
  const why =
    typeof told.error_description === "string" ? told.error_description.split("\r\n")[0] : `HTTP ${answer.status}`;
  throw new ServerError(`Microsoft Entra does not let this job be ${client}: ${why}`, "asking for a token", {
    status: answer.status,
    code: typeof told.error === "string" ? told.error : null,
  });
}

function parsed(body: Buffer): Record<string, unknown> {
  try {
    return JSON.parse(body.toString("utf8")) as Record<string, unknown>;
  } catch {
    return {};
  }
}

/** Whether this is a job that GitHub vouches for: one with the permission `id-token: write`. */
export function isFromActions(env: Environment): boolean {
  return Boolean(env.ACTIONS_ID_TOKEN_REQUEST_URL && env.ACTIONS_ID_TOKEN_REQUEST_TOKEN);
}

/** The token by which GitHub vouches for this job to `audience`. Throws UserError in a job without `id-token: write`. */
export async function readIdentityToken(env: Environment, audience: string, clock: Clock): Promise<string> {
  const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: bearer } = env;
  if (!url || !bearer)
    throw new UserError({
      message: "GitHub gives this job no identity token",
      hint: "auth: oidc needs the permission id-token: write in the job, which a fork's pull request does not get",
    });
  const settings = { title: "GitHub's service of identity tokens", clock, secrets: [bearer] };
  const asked = `${url}${url.includes("?") ? "&" : "?"}audience=${encodeURIComponent(audience)}`;
  const headers = { authorization: `Bearer ${bearer}`, accept: "application/json" };
  const answer = await sendRequest(settings, { method: "GET", url: asked, headers });
  const value = tokenIn(answer.body);
  if (answer.status === 200 && value !== null) return value;
  throw new ServerError(`${settings.title} answered HTTP ${answer.status}`, "asking for an identity token", {
    status: answer.status,
    code: null,
  });
}

function tokenIn(body: Buffer): string | null {
  try {
    const { value } = JSON.parse(body.toString("utf8")) as { value?: unknown };
    return typeof value === "string" ? value : null;
  } catch {
    return null;
  }
}
