const retried = new Set([408, 425, 429, 500, 502, 503, 504]);

/** How often a request is sent before the server counts as down. */
export const attempts = 4;
const firstDelayMs = 400;
const longestDelayMs = 30_000;

/** Whether the same request may succeed later. */
export function isPassing(status: number): boolean {
  return retried.has(status);
}

/** Whether the server has surely not carried out what it answered this way to. */
export function isRefusal(status: number): boolean {
  return status === 429 || (status >= 400 && status < 500 && status !== 408);
}

/**
 * Milliseconds to wait before the next attempt: what Retry-After says (seconds or a date), else doubling with jitter, at most
 * half a minute; null when the server asks for a longer wait than that.
 */
export function retryDelay(attempt: number, retryAfter: string | null, now: Date, random: () => number): number | null {
  const asked = parseRetryAfter(retryAfter, now);
  if (asked === null) return Math.min(longestDelayMs, firstDelayMs * 2 ** attempt) * (0.5 + random() / 2);
  return asked > longestDelayMs ? null : asked;
}

function parseRetryAfter(text: string | null, now: Date): number | null {
  if (text === null) return null;
  if (/^\s*\d+(\.\d+)?\s*$/.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? null : Math.max(0, date - now.getTime());
}
