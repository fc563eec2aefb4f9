import { EnvironmentError } from "../../../pipelines/errors/environment-error.ts";

/** GitHub did not answer, or with a failure of its own. */
export function unreachable(cause: unknown, request: string): EnvironmentError {
  const { status, message } = cause as { status?: number; message?: string };
  const what = typeof status === "number" && status !== 500 ? `answered ${status}` : (message ?? "did not answer");
  return new EnvironmentError(
    `GitHub's API ${what}`.slice(0, 300),
    { tried: request, safe: "The registry is as it was; running the job again is safe." },
    { cause },
  );
}

/** Whether GitHub refused because of too many requests: 429, or a 403 that says so in its headers or its text. */
export function isRateLimit(error: unknown): boolean {
  const { status, message = "", response } = error as RequestFailure;
  if (status === 429) return true;
  const headers = response?.headers ?? {};
  const isNamed = headers["retry-after"] !== undefined || headers["x-ratelimit-remaining"] === "0";
  return status === 403 && (isNamed || /rate limit|abuse detection/i.test(message));
}

interface RequestFailure {
  status?: number;
  message?: string;
  response?: { headers?: Record<string, string | number | undefined> };
}

/** Whether the token may not do this: then the caller does without. 404 is what GitHub says of what one may not see. */
export function isForbidden(error: unknown): boolean {
  const { status } = error as RequestFailure;
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
