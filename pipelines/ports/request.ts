/** A request to a server that failed. */
export interface FailedRequest {
  /** What is thrown when it is not sent again. */
  error: unknown;
  /** What is thrown when it must not be, because it may have been done; the same when left out. */
  lost?: unknown;
  /** Whether the same request may succeed later. */
  passing: boolean;
  /** Whether it may have been done although no answer said so. */
  unclear: boolean;
  /** Seconds to wait before it is sent again, after so many attempts. */
  waitAfter(attempt: number): number;
}

/** How long a server is waited for. */
export interface RequestPatience {
  /** How often a request is sent before the server counts as down. */
  attempts: number;
  /** The longest single wait, in seconds. */
  seconds: number;
  sleep(seconds: number): Promise<unknown>;
  /** Told of each failure that passes. */
  tell?(failed: FailedRequest, seconds: number, givesUp: boolean): void;
}

/**
 * Sends a request, and again while its failure passes and patience lasts. One that does something `once` is not sent again when
 * it may have been done: whoever asked looks whether it was (see `createOnce`).
 */
export async function sendRepeatedly<T>(
  send: () => Promise<{ answer: T } | FailedRequest>,
  { once, patience }: { once: boolean; patience: RequestPatience },
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const sent = await send();
    if ("answer" in sent) return sent.answer;
    if (!sent.passing) throw sent.error;
    if (once && sent.unclear) throw sent.lost ?? sent.error;
    const seconds = sent.waitAfter(attempt);
    const givesUp = attempt >= patience.attempts || seconds > patience.seconds;
    patience.tell?.(sent, seconds, givesUp);
    if (givesUp) throw sent.error;
    await patience.sleep(seconds).catch(() => {
      throw sent.error;
    });
  }
}

/** How something is created of which there may be one only. */
export interface Creation<T> {
  /** Gives it, or null when it is to be looked for. */
  create(): Promise<T | null>;
  find(): Promise<T | null>;
  /** Whether the error leaves open if it was created, by us or by another. */
  leavesOpen(error: unknown): boolean;
  attempts: number;
  /** Before it is looked for, after so many attempts: lists may lag behind what was written. */
  pause?(attempt: number): Promise<unknown>;
  /** What is thrown when it was created and is not there. */
  missing?(): unknown;
}

/** Creates what is known to be missing once, although an answer may be lost: then it is looked for before it is created again. */
export async function createOnce<T>({ create, find, leavesOpen, attempts, pause, missing }: Creation<T>): Promise<T> {
  let open: unknown;
  for (let attempt = 1; ; attempt += 1) {
    const made = await create().catch((error: unknown) => {
      if (!leavesOpen(error)) throw error;
      open = error;
      return null;
    });
    if (made !== null) return made;
    await pause?.(attempt);
    const found = await find();
    if (found !== null) return found;
    if (attempt >= attempts) throw open ?? missing?.();
  }
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

/** Seconds that a Retry-After asks for, given as seconds or as a date; null when it says neither. */
export function retryAfterSeconds(text: string | null, now: Date): number | null {
  if (text === null) return null;
  if (/^\s*\d+(\.\d+)?\s*$/.test(text)) return Number(text);
  const date = Date.parse(text);
  return Number.isNaN(date) ? null : Math.max(0, (date - now.getTime()) / 1000);
}

/** `fetch failed` says nothing; what it wraps does. */
export function innermostMessage(error: Error): string {
  const inner = error.cause instanceof AggregateError ? error.cause.errors[0] : error.cause;
  return inner instanceof Error ? innermostMessage(inner) : error.message;
}
