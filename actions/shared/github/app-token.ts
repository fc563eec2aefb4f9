import { createSign } from "node:crypto";
import { UserError } from "../../../pipelines/errors/expected-error.ts";
import type { Clock } from "../../../pipelines/ports/host.ts";

/** A GitHub App that is installed in the repository. */
export interface App {
  id: string;
  /** PEM, as GitHub gave it. */
  key: string;
}

const limitSeconds = 30;

/**
 * A token of an app's installation in a repository, for an hour. It may ask 5,000 times an hour and more, where a workflow's own
 * may 1,000 times. Throws UserError when the key is none, or the app is not installed there.
 * https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app/authenticating-as-a-github-app-installation
 */
export async function appToken(
  app: App,
  { apiUrl, owner, repo }: { apiUrl: string; owner: string; repo: string },
  { clock, fetch: ask = fetch }: { clock: Clock; fetch?: typeof fetch },
): Promise<string> {
  const jwt = signed(app, clock.now());
  const send = async <T>(method: string, path: string, body?: object): Promise<T> => {
    const headers = { authorization: `Bearer ${jwt}`, accept: "application/vnd.github+json", "user-agent": "mergeml" };
    const answer = await ask(apiUrl + path, {
      ...{ method, headers, signal: AbortSignal.timeout(limitSeconds * 1_000) },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (answer.ok) return (await answer.json()) as T;
    throw refusedApp(app, `${answer.status} to ${method} ${path}`);
  };
  const { id } = await send<{ id: number }>("GET", `/repos/${owner}/${repo}/installation`);
  const { token } = await send<{ token: string }>("POST", `/app/installations/${id}/access_tokens`, {
    repositories: [repo],
  });
  return token;
}

/** Valid for nine minutes, begun a minute ago, because clocks differ. */
function signed({ id, key }: App, now: Date): string {
  const seconds = Math.floor(now.getTime() / 1_000);
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const text = `${part({ alg: "RS256", typ: "JWT" })}.${part({ iat: seconds - 60, exp: seconds + 540, iss: id })}`;
  try {
    return `${text}.${createSign("RSA-SHA256").update(text).sign(key, "base64url")}`;
  } catch {
    throw refusedApp({ id, key }, "no private key in PEM");
  }
}

function refusedApp({ id }: App, why: string): UserError {
  return new UserError({
    message: `the GitHub App ${id.slice(0, 40)} gives no token: ${why}`,
    hint: "check the variable MERGEML_APP_ID and the secret MERGEML_APP_KEY, and that the app is installed in this repository",
  });
}
