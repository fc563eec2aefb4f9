import { once } from "node:events";
import { createReadStream } from "node:fs";
import { globalAgent, type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps, globalAgent as secureAgent } from "node:https";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { type HashedFile, openHashedFile } from "./hashed-file.ts";
import { type Answer, FinalError, openPlainAnswer } from "./plain-answer.ts";

/** Bytes that are read at once. */
const chunkBytes = 1024 * 1024;

/** Sends a file as the body of one request; the answer is not read yet. Throws when the connection is lost. */
export async function sendFile(asked: StreamRequest, path: string, bytes: number): Promise<IncomingMessage> {
  const sent = startRequest({ ...asked, headers: { ...asked.headers, "content-length": String(bytes) } }, bytes);
  const answered = once(sent, "response") as Promise<[IncomingMessage]>;
  const body = bytes === 0 ? sent.end() : pipeline(createReadStream(path, { highWaterMark: chunkBytes }), sent);
  // A server may refuse before it has read all.
  const [answer] = await Promise.race([answered, Promise.resolve(body).then(() => answered)]);
  return answer;
}

/** How often a download goes on after it was cut, when each brought some of it. */
const mostCuts = 64;

/**
 * Writes so many bytes to a file, going on where a connection was cut, and gives the `sha256:…` of what arrived. `openFrom` gives the
 * answer that begins at a byte, or at the first when its status is 200, and null when there is nothing: then null. Throws FinalError
 * as it is, and the last cut.
 */
export async function receiveFile(
  openFrom: (at: number) => Promise<Answer | null>,
  {
    path,
    bytes,
    patience = 8,
  }: { path: string; bytes: number /** Cuts in a row that brought nothing. */; patience?: number },
): Promise<string | null> {
  await using file = await openHashedFile(path, bytes);
  for (let [cuts, idle] = [0, 0]; file.taken < bytes; cuts += 1) {
    const before = file.taken;
    try {
      const answer = await openFrom(before);
      if (answer === null) return null;
      if (answer.status === 200 && before > 0) await file.restart(); // it begins from the start again
      await answer.pour(file, bytes - file.taken);
      if (file.taken < bytes) throw new Error("its answers end early");
    } catch (error) {
      idle = file.taken > before ? 0 : idle + 1;
      if (error instanceof FinalError || cuts === mostCuts || idle > patience) throw error;
      await sleep(Math.min(2_000, 100 * 2 ** idle));
    }
  }
  return await file.finish();
}

/** A request whose body, or whose answer, is too large for memory. `fetch` takes twice the processor time for it. */
interface StreamRequest {
  method: "GET" | "PUT" | "PATCH";
  url: string;
  headers: Readonly<Record<string, string>>;
}

/** For one connection: a second for each megabyte, and a minute more. */
const msPerByte = 1 / 1000;

/** Sends the head of a request that may take as long as so many bytes need. */
function startRequest({ method, url, headers }: StreamRequest, bytes: number) {
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
