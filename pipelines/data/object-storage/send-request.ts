import { setTimeout as sleep } from "node:timers/promises";
import { EnvironmentError } from "../../errors/expected-error.ts";
import { visibleText } from "../../errors/inert-markdown.ts";
import type { Clock } from "../../ports/host.ts";
import { type FailedRequest, innermostMessage, retryAfterSeconds, sendRepeatedly } from "../../ports/request.ts";

export interface HttpRequest {
  method: "GET" | "HEAD" | "PUT" | "POST" | "PATCH" | "DELETE";
  url: string;
  headers?: Readonly<Record<string, string>>;
  body?: Uint8Array | string;
  /** Largest answer that is read, in bytes; 64 MB by default. */
  largest?: number;
}

export interface HttpAnswer {
  status: number;
  headers: Headers;
  body: Buffer;
}

/** How one server is spoken to. */
export interface HttpSettings {
  /** For messages: `the bucket acme at 127.0.0.1:7070`. */
  title: string;
  clock: Clock;
  /** Signs each attempt anew, because signatures carry the time. */
  sign?(request: HttpRequest): Promise<HttpRequest>;
  /** What must not be in any message. */
  secrets?: readonly string[];
  /** How often a request is sent before the server counts as down; 6 by default. */
  attempts?: number;
  /** Seconds before the second attempt; doubled each time. 0.3 by default. */
  firstWait?: number;
  /** For one attempt, in milliseconds; a megabyte more gives a second more. 30,000 by default. */
  timeoutMs?: number;
}

const passing = new Set([408, 425, 429, 500, 502, 503, 504]);
const megabyte = 1024 * 1024;
const largestAnswer = 64 * megabyte;
/** What a refusal says may be longer than the few bytes that were asked for. */
const largestRefusal = megabyte;
/** Seconds; a server that asks for longer counts as down. */
const longestWait = 60;

/**
 * Sends a request, and again while its failure passes; every request here may be sent twice. Gives any other answer, refusals
 * included. Throws ServerError when the server cannot be reached or stays busy.
 */
export function sendRequest(settings: HttpSettings, request: HttpRequest): Promise<HttpAnswer> {
  const { attempts = 6 } = settings;
  const patience = { attempts, seconds: longestWait, sleep: (seconds: number) => sleep(seconds * 1000) };
  return sendRepeatedly(() => attemptOnce(settings, request), { once: false, patience });
}

async function attemptOnce(
  settings: HttpSettings,
  request: HttpRequest,
): Promise<{ answer: HttpAnswer } | FailedRequest> {
  const tried = triedText(request);
  try {
    const signed = (await settings.sign?.(request)) ?? request;
    const response = await fetch(signed.url, {
      method: signed.method,
      headers: { "user-agent": "mergeml", ...signed.headers },
      body: (signed.body ?? null) as string | Uint8Array<ArrayBuffer> | null,
      redirect: "manual",
      signal: AbortSignal.timeout(timeLimit(settings, request)),
    });
    const largest = request.largest ?? largestAnswer;
    const body = await readBody(response, response.ok ? largest : Math.max(largest, largestRefusal));
    const answer = { status: response.status, headers: response.headers, body };
    if (!passing.has(response.status)) return { answer };
    const facts = { status: response.status, code: null };
    const text = `${settings.title} answered HTTP ${response.status}${firstLine(body)}`;
    return failure(settings, new ServerError(clean(text, settings), tried, facts), response.headers);
  } catch (cause) {
    if (cause instanceof ServerError) throw cause;
    const message = `${settings.title} cannot be reached: ${reasonOf(cause as Error)}`;
    const error = new ServerError(clean(message, settings), tried, { status: null, code: null }, { cause });
    return { ...failure(settings, error, null), passing: !(cause instanceof RangeError) };
  }
}

function timeLimit({ timeoutMs = 30_000 }: HttpSettings, { body, largest = 0 }: HttpRequest): number {
  return timeoutMs + Math.ceil((Math.max(body?.length ?? 0, largest) / megabyte) * 1000);
}

/** What was asked for, without the query, which may carry a signature. */
export function triedText({ method, url }: Pick<HttpRequest, "method" | "url">): string {
  return `${method} ${url.replace(/\?.*$/s, "")}`;
}

function failure({ clock, firstWait = 0.3 }: HttpSettings, error: ServerError, headers: Headers | null): FailedRequest {
  const asked = retryAfterSeconds(headers?.get("retry-after") ?? null, clock.now());
  const waitAfter = (attempt: number) =>
    asked ?? Math.min(longestWait, firstWait * 2 ** (attempt - 1)) * (0.5 + Math.random() / 2);
  return { error, passing: true, unclear: true, waitAfter };
}

/** Throws RangeError when the answer is larger than was asked for: a server must not fill the memory. */
async function readBody(response: Response, largest: number): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.length;
    if (size > largest) throw new RangeError(`its answer is larger than ${largest} bytes`);
    parts.push(part);
  }
  const [first] = parts;
  return parts.length === 1 && first ? Buffer.from(first.buffer, first.byteOffset, first.length) : Buffer.concat(parts);
}

function firstLine(body: Buffer): string {
  const [line = ""] = body.subarray(0, 300).toString("utf8").trim().split("\n");
  return line === "" || line.startsWith("<") ? "" : `: ${line}`;
}

function reasonOf(error: Error): string {
  return error.name === "TimeoutError" ? "it did not answer in time" : innermostMessage(error);
}

/** A server may echo what it was sent. */
export function clean(text: string, { secrets = [] }: Pick<HttpSettings, "secrets">): string {
  return visibleText(secrets.filter(Boolean).reduce((all, secret) => all.replaceAll(secret, "***"), text));
}

/** A request for a bucket or a container, or for an object in it. */
export interface Asked {
  method: HttpRequest["method"];
  key?: string;
  query?: Readonly<Record<string, string>>;
  headers?: Readonly<Record<string, string>>;
  body?: Uint8Array;
  largest?: number;
}

/** Sends it; statuses in `answers` are the caller's, any other that is no success throws. */
export type Ask = (asked: Asked, answers?: readonly number[]) => Promise<HttpAnswer>;

/** Why a server did not do what it was asked. */
interface ServerAnswerFacts {
  /** null when no answer came. */
  status: number | null;
  /** The server's own word for it, e.g. `AccessDenied`. */
  code: string | null;
}

/** A server of objects refused, failed or did not answer. */
export class ServerError extends EnvironmentError {
  readonly facts: ServerAnswerFacts;

  constructor(message: string, tried: string, facts: ServerAnswerFacts, options?: ErrorOptions) {
    super(
      message,
      { tried, safe: "what is there is whole: nothing becomes visible before all of it has arrived" },
      options,
    );
    this.name = "ServerError";
    this.facts = facts;
  }
}

/** Whether a server wants other credentials than it got, or any. */
export function isRefusal(error: unknown): error is ServerError {
  return error instanceof ServerError && (error.facts.status === 401 || error.facts.status === 403);
}

/** What time it is where a server is, as far as its answers told; ours before the first of them. */
export interface ServerClock extends Clock {
  /** Learns from the Date of an answer. */
  hear(headers: Headers): void;
  /** How far the server's clock is ahead of ours, in milliseconds. */
  ahead(): number;
}

/** Who deletes by age must not do so by a wrong clock of its own: ages are told by the server's. */
export function openServerClock(clock: Clock): ServerClock {
  let ahead = 0;
  return {
    now: () => new Date(clock.now().getTime() + ahead),
    hear(headers) {
      const theirs = Date.parse(headers.get("date") ?? "");
      if (!Number.isNaN(theirs)) ahead = theirs - clock.now().getTime();
    },
    ahead: () => ahead,
  };
}
