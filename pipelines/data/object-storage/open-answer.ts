import { once } from "node:events";
import { globalAgent, type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps, globalAgent as secureAgent } from "node:https";
import { type Answer, FinalError } from "./answer.ts";
import type { HashedFile } from "./hashed-file.ts";
import { openPlainAnswer } from "./plain-answer.ts";

/** A request whose body, or whose answer, is too large for memory. `fetch` takes twice the processor time for it. */
export interface StreamRequest {
  method: "GET" | "PUT" | "PATCH";
  url: string;
  headers: Readonly<Record<string, string>>;
}

/** For one connection: a second for each megabyte, and a minute more. */
const msPerByte = 1 / 1000;

/** Sends the head of a request that may take as long as so many bytes need. */
export function startRequest({ method, url, headers }: StreamRequest, bytes: number) {
  const send = url.startsWith("https:") ? requestHttps : requestHttp;
  return send(url, { method, headers: { "user-agent": "mergeml", ...headers }, signal: timeFor(bytes) });
}

function timeFor(bytes: number): AbortSignal {
  return AbortSignal.timeout(60_000 + Math.ceil(bytes * msPerByte));
}

/** Asks for something; the answer is not read yet. `bytes` are those that it may have. */
export async function openAnswer({ url, headers }: Omit<StreamRequest, "method">, bytes: number): Promise<Answer> {
  const plain = usesProxy() ? null : await openPlainAnswer({ url, headers }, timeFor(bytes));
  if (plain !== null) return plain;
  const sent = startRequest({ method: "GET", url, headers }, bytes).end();
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  return {
    status: answer.statusCode ?? 0,
    headers: answer.headers,
    pour: (file, most) => pourParsed(answer, file, most),
    drop: () => void answer.resume(),
  };
}

/** Node may have been told of a proxy, which its own requests go through. */
function usesProxy(): boolean {
  const proxyOf = (agent: object) => "options" in agent && (agent.options as { proxyEnv?: unknown }).proxyEnv;
  return Boolean(proxyOf(globalAgent) || proxyOf(secureAgent));
}

async function pourParsed(answer: IncomingMessage, file: HashedFile, most: number): Promise<void> {
  let received = 0;
  for await (const chunk of answer) {
    received += (chunk as Buffer).length;
    if (received > most) throw new FinalError(`it is larger than ${most} bytes`);
    await file.append(chunk as Buffer);
  }
}
