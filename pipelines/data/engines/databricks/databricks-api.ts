import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../../errors/user-error.ts";
import { systemClock } from "../../../ports/clock.ts";
import { type FailedRequest, isUnsent, retryAfterSeconds, sendRepeatedly } from "../../../ports/request.ts";
import { HttpStatusError } from "../spark-sql/http-status-error.ts";

type Method = "GET" | "POST" | "DELETE";

/** The REST API of a Databricks workspace, signed in with a token. Failures that pass are waited out. */
export interface DatabricksApi {
  /** The host, for messages. */
  host: string;
  /** Sends a request below the host and reads its answer; an empty one is `{}`. Throws HttpStatusError, or what fetch throws. */
  json<Answer>(method: Method, path: string, body?: object): Promise<Answer>;
  /** Writes an answer of any size to a file. */
  download(path: string, file: string): Promise<void>;
}

/** How often a request is sent before the server counts as down, the longest wait in seconds, and that for one answer. */
const [attempts, longestWait, answerMs] = [4, 30, 120_000];

/** A workspace by its host: `adb-1.2.azuredatabricks.net`, or with the scheme before it. Throws UserError, which tells nothing of the token. */
export function openDatabricksApi(host: string, token: string, variable: string): DatabricksApi {
  const address = /^https?:\/\//.test(host) ? host : `https://${host}`;
  if (!URL.canParse(address)) {
    throw new UserError({
      message: `${variable} is no host of a Databricks workspace`,
      hint: "write adb-1234.5.azuredatabricks.net",
    });
  }
  const { origin, host: name } = new URL(address);
  const send = (method: Method, path: string, body?: object) =>
    fetch(new URL(path, origin), {
      method,
      redirect: "error",
      signal: AbortSignal.timeout(answerMs),
      headers: { authorization: `Bearer ${token}`, ...(body ? { "content-type": "application/json" } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
  const ask = (method: Method, path: string, body?: object) =>
    sendRepeatedly(() => attempt(() => send(method, path, body)), {
      once: method === "POST",
      patience: { attempts, seconds: longestWait, sleep: (seconds) => sleep(seconds * 1000) },
    });
  return {
    host: name,
    async json<Answer>(method: Method, path: string, body?: object) {
      const text = await (await ask(method, path, body)).text();
      return JSON.parse(text === "" ? "{}" : text) as Answer;
    },
    async download(path, file) {
      const { body } = await ask("GET", path);
      await pipeline(Readable.fromWeb(body as never), createWriteStream(file));
    },
  };
}

const passing = new Set([408, 429, 500, 502, 503, 504]);

async function attempt(send: () => Promise<Response>): Promise<{ answer: Response } | FailedRequest> {
  const waits = (attempt: number) => 0.5 * 4 ** (attempt - 1);
  try {
    const answer = await send();
    if (answer.ok) return { answer };
    const error = new HttpStatusError(answer.status, await reasonOf(answer));
    const asked = retryAfterSeconds(answer.headers.get("retry-after"), systemClock.now());
    // What was turned away for there being too much of it was not begun.
    const unclear = ![429, 503].includes(answer.status);
    return { error, passing: passing.has(answer.status), unclear, waitAfter: (count) => asked ?? waits(count) };
  } catch (error) {
    return { error, passing: true, unclear: !isUnsent(error), waitAfter: waits };
  }
}

async function reasonOf(answer: Response): Promise<string> {
  const text = (await answer.text()).slice(0, 10_000);
  try {
    const { message, error_code } = JSON.parse(text) as { message?: string; error_code?: string };
    return message ?? error_code ?? `HTTP ${answer.status}`;
  } catch {
    return `HTTP ${answer.status}`;
  }
}
