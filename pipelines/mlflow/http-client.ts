import { setTimeout as sleep } from "node:timers/promises";
import { visibleText } from "../errors/visible-text.ts";
import type { Clock } from "../ports/clock.ts";
import { MlflowError } from "./mlflow-error.ts";
import { attempts, isPassing, isRefusal, retryDelay } from "./retry-delay.ts";
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
  const { clock, random = Math.random } = options;
  const wait = options.wait ?? ((ms) => sleep(ms, undefined, { signal: options.signal }));
  return async (request) => {
    for (let attempt = 0; ; attempt += 1) {
      const answer = await attemptOnce(settings, request, options);
      if (Buffer.isBuffer(answer)) return answer;
      const last = attempt + 1 >= attempts || !answer.again || options.signal?.aborted;
      const delay = last ? null : retryDelay(attempt, answer.retryAfter, clock.now(), random);
      if (delay === null) throw answer.error;
      await wait(delay).catch(() => {
        throw answer.error;
      });
    }
  };
}

interface Failure {
  error: MlflowError;
  again: boolean;
  retryAfter: string | null;
}

async function attemptOnce(
  settings: ServerSettings,
  request: MlflowRequest,
  options: HttpOptions,
): Promise<Buffer | Failure> {
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
    if (response.ok) return content;
    return refused(settings, request, response, content, tried);
  } catch (cause) {
    if (cause instanceof MlflowError) throw cause;
    return unreachable(settings, request, cause as Error, tried);
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

function refused(
  settings: ServerSettings,
  request: MlflowRequest,
  response: Response,
  content: Buffer,
  tried: string,
): Failure {
  const { status } = response;
  const told = mlflowAnswer(content);
  const code = told?.error_code ?? null;
  const text = describeRefusal(response, told?.message, code);
  const unclear = !isRefusal(status);
  const error = new MlflowError(clean(text, settings), tried, { status, code, unclear });
  const again = isPassing(status) && (!request.once || !unclear);
  return { error, again, retryAfter: response.headers.get("retry-after") };
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

function unreachable(settings: ServerSettings, request: MlflowRequest, cause: Error, tried: string): Failure {
  const tooLarge = cause instanceof RangeError;
  const reason = cause.name === "TimeoutError" ? "it did not answer in time" : innermost(cause);
  const message = tooLarge
    ? `the MLflow server is not used: ${reason}`
    : `the MLflow server at ${settings.url} cannot be reached: ${reason}`;
  const facts = { status: null, code: null, unclear: !neverConnected(cause) };
  const error = new MlflowError(clean(message, settings), tried, facts, { cause });
  return { error, again: !tooLarge && (!request.once || !facts.unclear), retryAfter: null };
}

/** `fetch failed` says nothing; what it wraps does. */
function innermost(error: Error): string {
  const inner = error.cause instanceof AggregateError ? error.cause.errors[0] : error.cause;
  return inner instanceof Error ? innermost(inner) : error.message;
}

function neverConnected(error: Error): boolean {
  const { code } = (error.cause ?? {}) as { code?: string };
  return ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "UND_ERR_CONNECT_TIMEOUT"].includes(code ?? "");
}

/** A server may echo what it was sent. */
function clean(text: string, { secrets }: ServerSettings): string {
  return visibleText(secrets.reduce((all, secret) => all.replaceAll(secret, "***"), text));
}
