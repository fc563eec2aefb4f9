import { setTimeout as wait } from "node:timers/promises";
import type { getOctokit } from "@actions/github";
import { type Clock, systemClock } from "../../../pipelines/ports/clock.ts";
import type { Log } from "../../../pipelines/ports/log.ts";
import { sendRepeatedly } from "../../../pipelines/ports/request.ts";
import type { GitHubContext } from "./context.ts";
import { failedRequest } from "./failure.ts";

/** The API for one repository. */
export interface GitHub {
  octokit: ReturnType<typeof getOctokit>;
  owner: string;
  repo: string;
  token: string;
  context: GitHubContext;
  /** Waits for so many seconds. */
  sleep(seconds: number): Promise<unknown>;
}

export interface ClientOptions {
  context: GitHubContext;
  token: string;
  log: Log;
  /** Seconds of one request, its waits not counted; 30 by default. */
  timeoutSeconds?: number;
  /** The longest wait that a rate limit may ask for, in seconds; 120 by default. */
  patienceSeconds?: number;
  clock?: Clock;
  /** Waits for so many seconds. */
  sleep?: (seconds: number) => Promise<unknown>;
  /** Whether writes keep a distance, as GitHub asks: a second, and three when somebody is notified. True by default. */
  paced?: boolean;
}

/**
 * The toolkit's octokit with GitHub's own rules for rate limits: it keeps a distance between writes, waits for as long as
 * GitHub says, up to a limit, and repeats what failed with 5xx or a lost connection, unless that may have created something:
 * then it throws LostAnswer. What outlasts its patience throws EnvironmentError.
 */
export async function openGitHub(options: ClientOptions): Promise<GitHub> {
  const { context, token, log, timeoutSeconds = 30, patienceSeconds = 120, paced = true } = options;
  const { clock = systemClock, sleep = (seconds: number) => wait(seconds * 1_000) } = options;
  const { getOctokit } = await import("@actions/github");
  const { defaults, GitHub: Octokit } = await import("@actions/github/lib/utils");
  const { throttling } = await import("@octokit/plugin-throttling");
  const settings = {
    baseUrl: context.apiUrl,
    userAgent: "mergeml",
    log: { debug() {}, info() {}, warn() {}, error() {} },
    // It only keeps the distance; `sendRepeatedly` waits and asks again, each time with a time limit of its own.
    throttle: { enabled: paced, onRateLimit: () => false, onSecondaryRateLimit: () => false },
    request: { fetch: limitedFetch(timeoutSeconds, defaults.request?.fetch as typeof fetch) },
  };
  const octokit = token ? getOctokit(token, settings, throttling) : new (Octokit.plugin(throttling))(settings);
  const repeated = repeatedly({ clock, sleep, log, seconds: patienceSeconds });
  octokit.hook.wrap("request", (request, given) =>
    repeated(given, async () => request({ ...given, request: { ...given.request } })),
  );
  return { octokit, owner: context.owner, repo: context.repo, token, context, sleep };
}

interface Patience {
  clock: Clock;
  sleep: (seconds: number) => Promise<unknown>;
  log: Log;
  seconds: number;
}

interface Asked {
  method: string;
  url: string;
  /** `once` for a request that adds something although its method says otherwise. */
  request?: { [key: string]: unknown; once?: boolean };
}

/** Methods whose repetition changes nothing more. A POST is not among them: its lost answer may hide a success. */
const repeatable = new Set(["GET", "HEAD", "PATCH", "PUT", "DELETE"]);

/**
 * Sends requests, again after a rate limit (which means that nothing was done), and again after 5xx or a lost connection when
 * that cannot do anything twice.
 */
function repeatedly({ clock, sleep, log, seconds }: Patience) {
  return <T>({ method, url, request }: Asked, send: () => Promise<T>): Promise<T> => {
    let limited = false;
    const attempt = async () => {
      try {
        return { answer: await send() };
      } catch (error) {
        const failed = failedRequest(error, `${method} ${url}`, clock.now());
        limited = failed.limited;
        return failed;
      }
    };
    const tell = (_failed: unknown, wait: number, givesUp: boolean) => {
      const cause = limited ? "GitHub's rate limit" : "GitHub did not answer";
      log.info(`${cause}: ${givesUp ? `giving up, ${wait} s more` : `trying again in ${wait} s`}`);
    };
    const once = !repeatable.has(method) || request?.once === true;
    return sendRepeatedly(attempt, { once, patience: { attempts: 3, seconds, sleep, tell } });
  };
}

/**
 * A fetch that ends in time and reads the whole body, because octokit takes one that was cut off for an empty answer. The toolkit's own
 * goes through the proxy that a runner may have.
 */
function limitedFetch(seconds: number, throughProxy: typeof fetch): typeof fetch {
  return async (input, init) => {
    const answer = await throughProxy(input, { ...init, signal: AbortSignal.timeout(seconds * 1_000) });
    const { status, statusText, headers, url } = answer;
    const body = await answer.arrayBuffer();
    const read = new Response(body.byteLength > 0 ? body : null, { status, statusText, headers });
    return Object.defineProperty(read, "url", { value: url }); // by which octokit finds the next page
  };
}
