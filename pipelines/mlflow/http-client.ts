import { setTimeout as sleep } from "node:timers/promises";
import { visibleText } from "../errors/inert-markdown.ts";
import type { Clock } from "../ports/host.ts";
import { type FailedRequest, innermostMessage, isUnsent, retryAfterSeconds, sendRepeatedly } from "../ports/request.ts";
import { MlflowError } from "./mlflow-api.ts";
import type { ServerSettings } from "./server-settings.ts";

interface MlflowRequest {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Below the server's URL, each part already encoded, e.g. `/api/2.0/mlflow/runs/create`. */
  path: string;
  query?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  json?: unknown;
  bytes?: Uint8Array;
  /** Sent once more only when the server surely did nothing: for requests that create something at each call. */
  once?: boolean;
  /** Largest answer that is read, in bytes; 16 MB by default. */
  largest?: number;
}

/** Sends requests to one server; gives the answer's bytes. Throws MlflowError, never with a secret in its text. */
export type SendRequest = (request: MlflowRequest) => Promise<Buffer>;

export interface HttpOptions {
  clock: Clock;
  /** Ends everything, e.g. when a deploy has waited long enough. */
  signal?: AbortSignal;
  /** For one attempt; a megabyte more gives a second more. */
  timeoutMs?: number;
  random?: () => number;
  /** Between attempts. */
  wait?: (ms: number) => Promise<unknown>;
}

const megabyte = 1024 * 1024;
const largestAnswer = 16 * megabyte;

/** A client of the server that waits for it when it is busy and gives up when it is down. */
export function openHttpClient(settings: ServerSettings, options: HttpOptions): SendRequest {
  const wait = options.wait ?? ((ms) => sleep(ms, undefined, { signal: options.signal }));
  const patience = { attempts, seconds: longestWait, sleep: (seconds: number) => wait(seconds * 1000) };
  return (request) =>
    sendRepeatedly(() => attemptOnce(settings, request, options), { once: request.once === true, patience });
}

/** How often a request is sent before the server counts as down. */
const attempts = 4;
const firstWait = 0.4;
/** Seconds; a server that asks for longer counts as down. */
const longestWait = 30;

const passing = new Set([408, 425, 429, 500, 502, 503, 504]);

/** Whether the server has surely not carried out what it answered this way to. */
function isRefusal(status: number): boolean {
  return status === 429 || (status >= 400 && status < 500 && status !== 408);
}

/** What is known of a failure: it waits as long as Retry-After says, else doubling with jitter. */
function failure(
  error: MlflowError,
  passes: boolean,
  retryAfter: string | null,
  { clock, signal, random = Math.random }: HttpOptions,
): FailedRequest {
  const asked = retryAfterSeconds(retryAfter, clock.now());
  return {
    error,
    passing: passes && !signal?.aborted,
    unclear: error.facts.unclear,
    waitAfter: (attempt) => asked ?? Math.min(longestWait, firstWait * 2 ** (attempt - 1)) * (0.5 + random() / 2),
  };
}

async function attemptOnce(
  settings: ServerSettings,
  request: MlflowRequest,
  options: HttpOptions,
): Promise<{ answer: Buffer } | FailedRequest> {
  const tried = `${request.method} ${settings.url}${request.path}`;
  try {
    const response = await fetch(`${settings.url}${request.path}${queryText(request.query)}`, {
      method: request.method,
      headers: headers(settings, request),
      body: body(request),
      redirect: "manual",
      signal: attemptSignal(request, options),
    });
    const largest = response.ok ? (request.largest ?? largestAnswer) : largestAnswer;
    const content = await readBody(response, largest);
    if (response.ok) return { answer: content };
    return failure(
      refused(settings, response, content, tried),
      passing.has(response.status),
      response.headers.get("retry-after"),
      options,
    );
  } catch (cause) {
    if (cause instanceof MlflowError) throw cause;
    const tooLarge = cause instanceof RangeError;
    return failure(unreachable(settings, cause as Error, tried), !tooLarge, null, options);
  }
}

function attemptSignal({ bytes, largest }: MlflowRequest, { signal, timeoutMs = 30_000 }: HttpOptions): AbortSignal {
  const size = Math.max(bytes?.length ?? 0, largest ?? 0);
  const limit = AbortSignal.timeout(timeoutMs + Math.ceil((size / megabyte) * 1000));
  return signal ? AbortSignal.any([signal, limit]) : limit;
}

function headers({ authorization }: ServerSettings, { json, bytes }: MlflowRequest): Record<string, string> {
  const sent: Record<string, string> = { accept: "application/json, */*", "user-agent": "mergeml" };
  if (authorization) sent.authorization = authorization;
  if (json !== undefined) sent["content-type"] = "application/json";
  if (bytes) sent["content-type"] = "application/octet-stream";
  return sent;
}

function body({ json, bytes }: MlflowRequest): Uint8Array<ArrayBuffer> | string | null {
  if (bytes) return bytes as Uint8Array<ArrayBuffer>;
  return json === undefined ? null : JSON.stringify(json);
}

function queryText(query: MlflowRequest["query"]): string {
  return query ? `?${new URLSearchParams(query)}` : "";
}

/** Throws when the answer is larger than was asked for: a server must not fill the memory. */
async function readBody(response: Response, largest: number): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.length;
    if (size > largest) throw new RangeError(`its answer is larger than ${largest} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function refused(settings: ServerSettings, response: Response, content: Buffer, tried: string): MlflowError {
  const { status } = response;
  const told = mlflowAnswer(content);
  const code = told?.error_code ?? null;
  const text = describeRefusal(response, told?.message, code);
  return new MlflowError(clean(text, settings), tried, { status, code, unclear: !isRefusal(status) });
}

function describeRefusal({ status, headers }: Response, message = "", code: string | null = null): string {
  if (status === 401 || status === 403) {
    return `the MLflow server refused our credentials (HTTP ${status}): check MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD`;
  }
  if (status >= 300 && status < 400) {
    const target = headers.get("location") ?? "";
    const where = URL.canParse(target) ? new URL(target).origin : "another page";
    return `the MLflow server sends us on to ${where} (HTTP ${status}), which is not followed: set MLFLOW_TRACKING_URI to the server itself; if it is a login page, set MLFLOW_TRACKING_TOKEN`;
  }
  const [reason = ""] = message.split("\n");
  return `the MLflow server answered HTTP ${status}${code ? ` ${code}` : ""}${reason ? `: ${reason.slice(0, 300)}` : ""}`;
}

function mlflowAnswer(content: Buffer): { error_code?: string; message?: string } | null {
  try {
    const { error_code, message } = JSON.parse(content.toString("utf8")) as Record<string, unknown>;
    return {
      ...(typeof error_code === "string" && { error_code }),
      ...(typeof message === "string" && { message }),
    };
  } catch {
    return null;
  }
}

function unreachable(settings: ServerSettings, cause: Error, tried: string): MlflowError {
  const reason = cause.name === "TimeoutError" ? "it did not answer in time" : innermostMessage(cause);
  const message =
    cause instanceof RangeError
      ? `the MLflow server is not used: ${reason}`
      : `the MLflow server at ${settings.url} cannot be reached: ${reason}`;
  const facts = { status: null, code: null, unclear: !isUnsent(cause) };
  return new MlflowError(clean(message, settings), tried, facts, { cause });
}

/** A server may echo what it was sent. */
function clean(text: string, { secrets }: ServerSettings): string {
  return visibleText(secrets.reduce((all, secret) => all.replaceAll(secret, "***"), text));
}
