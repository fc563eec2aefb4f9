import { setTimeout as wait } from "node:timers/promises";
import type { getOctokit } from "@actions/github";
import { EnvironmentError } from "../../../pipelines/errors/expected-error.ts";
import { type Clock, type Log, systemClock } from "../../../pipelines/ports/host.ts";
import {
  type Creation,
  createOnce,
  type FailedRequest,
  isUnsent,
  retryAfterSeconds,
  sendRepeatedly,
} from "../../../pipelines/ports/request.ts";
import type { GitHubContext } from "./context.ts";

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

const safe = "The registry is as it was; running the job again is safe.";

/** The answer to a request that creates something was lost, so that it may have been done: look before you ask again. */
export class LostAnswer extends EnvironmentError {}

/** GitHub did not answer, or with a failure of its own. */
function unreachable(cause: unknown, request: string): EnvironmentError {
  return new EnvironmentError(`GitHub's API ${told(cause)}`, { tried: request, safe }, { cause });
}

/** As `unreachable`, for a request that must not be repeated blindly. */
function lostAnswer(cause: unknown, request: string): LostAnswer {
  const detail = { tried: `${request}, which may have been done`, safe };
  return new LostAnswer(`GitHub's API ${told(cause)}`, detail, { cause });
}

/** GitHub does not want what it was sent (422), in its own words. */
export function refused(cause: unknown, what: string): EnvironmentError {
  const { message = "" } = cause as RequestFailure;
  return new EnvironmentError(
    `GitHub refused ${what}: ${message.slice(0, 200)}`,
    { tried: what, safe, permanent: true },
    { cause },
  );
}

function told(cause: unknown): string {
  const { message, response } = cause as RequestFailure;
  const isAnswer = response?.status !== undefined;
  return (isAnswer ? `answered ${response.status}` : (message ?? "did not answer")).slice(0, 250);
}

interface RequestFailure {
  status?: number;
  name?: string;
  message?: string;
  cause?: unknown;
  response?: { status?: number; headers?: Record<string, string | number | undefined> };
}

export function statusOf(error: unknown): number | undefined {
  return (error as RequestFailure).status;
}

/** Whether GitHub refused because of too many requests: 429, or a 403 that says so in its headers or its text. */
function isRateLimit(error: unknown): boolean {
  const { status, message = "", response } = error as RequestFailure;
  if (status === 429) return true;
  const headers = response?.headers ?? {};
  const isNamed = headers["retry-after"] !== undefined || headers["x-ratelimit-remaining"] === "0";
  return status === 403 && (isNamed || /rate limit|abuse detection/i.test(message));
}

/** A server that is in trouble or cannot be reached: 5xx, or no answer at all. */
function isPassing(error: unknown): boolean {
  const { status, name } = error as RequestFailure;
  if (name === "TimeoutError" || name === "AbortError") return true;
  return typeof status === "number" ? status >= 500 : error instanceof TypeError;
}

/**
 * Seconds to wait before a refused or failed request is made again: what the answer says (`Retry-After` as seconds or date,
 * `X-RateLimit-Reset`); null when it says nothing.
 * https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit
 */
function secondsAsked(error: unknown, now: Date): number | null {
  const headers = (error as RequestFailure).response?.headers ?? {};
  const after = retryAfterSeconds(String(headers["retry-after"] ?? "") || null, now);
  if (after !== null) return Math.ceil(after);
  const reset = Number(headers["x-ratelimit-reset"]);
  if (headers["x-ratelimit-remaining"] !== "0" || !(reset > 0)) return null;
  return Math.max(0, Math.ceil(reset - now.getTime() / 1_000)) + 1;
}

/** What GitHub asks for when a secondary limit names no time; it doubles each time. */
const unnamedLimitSeconds = 60;

/** A failed request, as `sendRepeatedly` judges it; `name` is what people are told of it. */
function failedRequest(error: unknown, name: string, now: Date): FailedRequest & { limited: boolean } {
  const limited = isRateLimit(error);
  const passing = limited || isPassing(error);
  const named = secondsAsked(error, now);
  const unnamed = (attempt: number) => (limited ? unnamedLimitSeconds * 2 ** (attempt - 1) : attempt ** 2);
  return {
    error: passing ? unreachable(error, limited ? `${name}, then waiting for the rate limit` : name) : error,
    lost: lostAnswer(error, name),
    passing,
    unclear: !limited && !isUnsent(error),
    limited,
    waitAfter: (attempt) => named ?? unnamed(attempt),
  };
}

/** GitHub's lists may lag behind what was written. */
const secondsUntilListed = 2;

/** Creates something on GitHub once although an answer may be lost. */
export function createdOnce<T>(
  { sleep }: { sleep: (seconds: number) => Promise<unknown> },
  { create, find }: Pick<Creation<T>, "create" | "find">,
): Promise<T> {
  const pause = (attempt: number) => sleep(secondsUntilListed * attempt);
  return createOnce({ create, find, leavesOpen: (error) => error instanceof LostAnswer, attempts: 3, pause });
}

/** Whether the token may not do this: then the caller does without. 404 is what GitHub says of what one may not see. */
export function isForbidden(error: unknown): boolean {
  const status = statusOf(error);
  return (status === 403 && !isRateLimit(error)) || status === 401 || status === 404;
}

/** The outcome of `work`, or "forbidden" when the token may not do it. */
export async function orForbidden<T>(work: () => Promise<T>): Promise<T | "forbidden"> {
  try {
    return await work();
  } catch (error) {
    if (isForbidden(error)) return "forbidden";
    throw error;
  }
}
