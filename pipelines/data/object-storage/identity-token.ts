import { UserError } from "../../errors/user-error.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Environment } from "../../ports/environment.ts";
import { sendRequest } from "./send-request.ts";
import { ServerError } from "./server-error.ts";

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
