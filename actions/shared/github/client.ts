import type { Octokit } from "@octokit/rest";
import type { Log } from "../../../pipelines/ports/log.ts";
import type { GitHubContext } from "./context.ts";
import { isRateLimit, unreachable } from "./failure.ts";

/** The API for one repository. */
export interface GitHub {
  octokit: Octokit;
  owner: string;
  repo: string;
  token: string;
  context: GitHubContext;
}

export interface ClientOptions {
  context: GitHubContext;
  token: string;
  log: Log;
  /** Seconds of one request; 30 by default. */
  timeoutSeconds?: number;
  /** The longest wait that a rate limit may ask for, in seconds; 120 by default. */
  patienceSeconds?: number;
  /** Unit of waits in milliseconds; shorter in tests. */
  secondMs?: number;
}

const attempts = 3;

/** Methods whose repetition changes nothing more. A POST is not among them: its lost answer may hide a success. */
const repeatable = new Set(["GET", "HEAD", "PATCH", "PUT", "DELETE"]);

/**
 * Octokit with GitHub's own rules for rate limits: it waits for as long as `Retry-After` says, up to a limit, and repeats
 * what failed with 5xx or a lost connection, unless it creates something. A limit that outlasts its patience throws
 * EnvironmentError.
 */
export async function openGitHub(options: ClientOptions): Promise<GitHub> {
  const { context, token, log, timeoutSeconds = 30, patienceSeconds = 120, secondMs = 1_000 } = options;
  const { Octokit: Rest } = await import("@octokit/rest");
  const { throttling } = await import("@octokit/plugin-throttling");
  const wait = (kind: string) => (retryAfter: number, _request: object, _octokit: object, retries: number) => {
    const again = retries < attempts && retryAfter <= patienceSeconds;
    log.info(`GitHub's ${kind} rate limit: ${again ? `trying again in ${retryAfter} s` : "giving up"}`);
    return again;
  };
  const octokit = new (Rest.plugin(throttling))({
    auth: token || undefined,
    baseUrl: context.apiUrl,
    userAgent: "mergeml",
    log: { debug() {}, info() {}, warn() {}, error() {} },
    throttle: {
      onRateLimit: wait("primary"),
      onSecondaryRateLimit: wait("secondary"),
      retryAfterBaseValue: secondMs,
      fallbackSecondaryRateRetryAfter: 5,
    },
    request: { signal: undefined },
  });
  octokit.hook.wrap("request", async (request, given) => {
    const isRepeatable = repeatable.has(given.method);
    for (let attempt = 1; ; attempt += 1) {
      const signal = AbortSignal.timeout(timeoutSeconds * 1_000);
      try {
        return await request({ ...given, request: { ...given.request, signal } });
      } catch (error) {
        if (isRateLimit(error))
          throw unreachable(error, `${given.method} ${given.url}, then waiting for the rate limit`);
        if (!isPassing(error)) throw error;
        if (!isRepeatable || attempt >= attempts) throw unreachable(error, `${given.method} ${given.url}`);
        await new Promise((resume) => setTimeout(resume, secondMs * attempt ** 2));
      }
    }
  });
  return { octokit, owner: context.owner, repo: context.repo, token, context };
}

/** A server that is in trouble or cannot be reached: 5xx, or no answer at all. */
function isPassing(error: unknown): boolean {
  const { status, name } = error as { status?: number; name?: string };
  if (name === "TimeoutError" || name === "AbortError") return true;
  return typeof status === "number" ? status >= 500 : error instanceof TypeError;
}
