import { type GitHub, isForbidden } from "./client.ts";

/** A workflow's own token writes as this bot, whose name no person and no other app can have. */
const workflowLogin = "github-actions[bot]";

const limitSeconds = 10;

/** Whose token it is: what somebody else wrote is never taken for ours, however much it looks like it. */
export async function ownLogin(github: GitHub): Promise<string> {
  const viewed = await viewer(github); // which takes nothing off the hourly limit of REST
  if (viewed !== null) return viewed;
  try {
    const { data } = await github.octokit.rest.users.getAuthenticated();
    return data.login;
  } catch (error) {
    if (isForbidden(error)) return workflowLogin;
    throw error;
  }
}

/**
 * The login of an app's token, which REST refuses to tell; null when GraphQL does not tell either. Asked past octokit, which
 * would take it for a write and keep a second's distance to the next one.
 */
async function viewer({ context, token }: GitHub): Promise<string | null> {
  try {
    const answer = await fetch(graphqlUrl(context.apiUrl), {
      method: "POST",
      headers: { authorization: `bearer ${token}`, "content-type": "application/json", "user-agent": "mergeml" },
      body: JSON.stringify({ query: "{ viewer { login } }" }),
      signal: AbortSignal.timeout(limitSeconds * 1_000),
    });
    const told = (await answer.json()) as { data?: { viewer?: { login?: unknown } } };
    const login = told.data?.viewer?.login;
    return typeof login === "string" && login !== "" ? login : null;
  } catch {
    return null;
  }
}

/** GitHub Enterprise Server has REST at /api/v3 and GraphQL at /api/graphql. */
function graphqlUrl(apiUrl: string): string {
  return `${apiUrl.replace(/\/v3$/, "")}/graphql`;
}
