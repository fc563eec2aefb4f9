import { EnvironmentError } from "../../../pipelines/errors/environment-error.ts";

const safe = "The registry is as it was; running the job again is safe.";

/** The answer to a request that creates something was lost, so that it may have been done: look before you ask again. */
export class LostAnswer extends EnvironmentError {}

/** GitHub did not answer, or with a failure of its own. */
export function unreachable(cause: unknown, request: string): EnvironmentError {
  return new EnvironmentError(`GitHub's API ${told(cause)}`, { tried: request, safe }, { cause });
}

/** As `unreachable`, for a request that must not be repeated blindly. */
export function lostAnswer(cause: unknown, request: string): LostAnswer {
  const detail = { tried: `${request}, which may have been done`, safe };
  return new LostAnswer(`GitHub's API ${told(cause)}`, detail, { cause });
}

/** GitHub does not want what it was sent (422), in its own words. */
export function refused(cause: unknown, what: string): EnvironmentError {
  const { message = "" } = cause as RequestFailure;
  return new EnvironmentError(`GitHub refused ${what}: ${message.slice(0, 200)}`, { tried: what, safe }, { cause });
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
export function isRateLimit(error: unknown): boolean {
  const { status, message = "", response } = error as RequestFailure;
  if (status === 429) return true;
  const headers = response?.headers ?? {};
  const isNamed = headers["retry-after"] !== undefined || headers["x-ratelimit-remaining"] === "0";
  return status === 403 && (isNamed || /rate limit|abuse detection/i.test(message));
}

/** A server that is in trouble or cannot be reached: 5xx, or no answer at all. */
export function isPassing(error: unknown): boolean {
  const { status, name } = error as RequestFailure;
  if (name === "TimeoutError" || name === "AbortError") return true;
  return typeof status === "number" ? status >= 500 : error instanceof TypeError;
}

const unsent = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "UND_ERR_CONNECT_TIMEOUT"]);

/** Whether no connection came about: then nothing was done, whatever was asked. */
export function isUnsent(error: unknown): boolean {
  for (let inner = error; inner instanceof Error; inner = inner.cause) {
    const all = inner instanceof AggregateError ? inner.errors : [inner];
    if (all.some((each: { code?: unknown }) => unsent.has(String(each.code)))) return true;
  }
  return false;
}

/**
 * Seconds to wait before a refused or failed request is made again: what the answer says (`Retry-After` as seconds or date,
 * `X-RateLimit-Reset`); null when it says nothing.
 * https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit
 */
export function secondsAsked(error: unknown, now: Date): number | null {
  const headers = (error as RequestFailure).response?.headers ?? {};
  const until = (milliseconds: number) => Math.max(0, Math.ceil((milliseconds - now.getTime()) / 1_000));
  const after = headers["retry-after"];
  if (after !== undefined && /^\d+$/.test(`${after}`)) return Number(after);
  if (after !== undefined && !Number.isNaN(Date.parse(`${after}`))) return until(Date.parse(`${after}`));
  const reset = Number(headers["x-ratelimit-reset"]);
  return headers["x-ratelimit-remaining"] === "0" && reset > 0 ? until(reset * 1_000) + 1 : null;
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
