import { readFile } from "node:fs/promises";
import { UserError } from "../../errors/user-error.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Environment } from "../../ports/environment.ts";
import { isFromActions, readIdentityToken } from "./identity-token.ts";
import { sendRequest } from "./send-request.ts";
import { ServerError } from "./server-error.ts";
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
export type AwsAuth = "oidc" | "env" | "none";

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
