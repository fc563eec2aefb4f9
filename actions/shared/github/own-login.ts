import type { GitHub } from "./client.ts";
import { isForbidden } from "./failure.ts";

/** A workflow's token cannot ask who it is; what it writes is by this bot, whose name no person and no other app can have. */
const workflowLogin = "github-actions[bot]";

/** Whose token it is: what somebody else wrote is never taken for ours, however much it looks like it. */
export async function ownLogin({ octokit }: GitHub): Promise<string> {
  try {
    const { data } = await octokit.rest.users.getAuthenticated();
    return data.login;
  } catch (error) {
    if (isForbidden(error)) return workflowLogin;
    throw error;
  }
}
