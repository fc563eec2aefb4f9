import type { Clock } from "../../ports/clock.ts";
import type { Environment } from "../../ports/environment.ts";
import { readIdentityToken } from "../object-storage/identity-token.ts";
import { sendRequest } from "../object-storage/send-request.ts";
import { ServerError } from "../object-storage/server-error.ts";

interface GoogleIdentity {
  /** `projects/…/providers/…` */
  provider: string;
  /** Whom to act as; null for the identity itself. */
  account: string | null;
  env: Environment;
  clock: Clock;
}

const scope = "https://www.googleapis.com/auth/devstorage.read_only";

/**
 * A token for Google Cloud Storage in exchange for the workflow's: https://cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token.
 * `GOOGLE_STS_URL` and `GOOGLE_IAM_URL` name other servers than Google's. Throws ServerError when it is refused.
 */
export async function googleToken({ provider, account, env, clock }: GoogleIdentity): Promise<string> {
  const audience = `//iam.googleapis.com/${provider}`;
  const subject_token = await readIdentityToken(env, `https:${audience}`, clock);
  const federated = await ask(
    `${env.GOOGLE_STS_URL ?? "https://sts.googleapis.com"}/v1/token`,
    {
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      requested_token_type: "urn:ietf:params:oauth:token-type:access_token",
      subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
      audience,
      scope: account === null ? scope : "https://www.googleapis.com/auth/cloud-platform",
      subject_token,
    },
    { clock, secrets: [subject_token], bearer: null, field: "access_token" },
  );
  if (account === null) return federated;
  const server = env.GOOGLE_IAM_URL ?? "https://iamcredentials.googleapis.com";
  return ask(
    `${server}/v1/projects/-/serviceAccounts/${account}:generateAccessToken`,
    { scope: [scope] },
    { clock, secrets: [federated], bearer: federated, field: "accessToken" },
  );
}

interface Asking {
  clock: Clock;
  secrets: readonly string[];
  bearer: string | null;
  field: string;
}

async function ask(url: string, body: unknown, { clock, secrets, bearer, field }: Asking): Promise<string> {
  const title = `Google (${new URL(url).host})`;
  const headers = { "content-type": "application/json", ...(bearer && { authorization: `Bearer ${bearer}` }) };
  const answer = await sendRequest(
    { title, clock, secrets },
    { method: "POST", url, headers, body: JSON.stringify(body) },
  );
  const told = parsed(answer.body);
  const value = told[field];
  if (answer.status === 200 && typeof value === "string") return value;
  const { error_description, error } = told;
  const why = error_description ?? (error as { message?: unknown } | undefined)?.message ?? `HTTP ${answer.status}`;
  throw new ServerError(`${title} does not let this job in: ${String(why)}`, "exchanging the workflow's identity", {
    status: answer.status,
    code: typeof error === "string" ? error : null,
  });
}

function parsed(body: Buffer): Record<string, unknown> {
  try {
    return JSON.parse(body.toString("utf8")) as Record<string, unknown>;
  } catch {
    return {};
  }
}
