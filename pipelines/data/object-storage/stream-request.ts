import { once } from "node:events";
import { createReadStream, createWriteStream } from "node:fs";
import { open } from "node:fs/promises";
import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";

/** A request whose body, or whose answer, is too large for memory. `fetch` takes twice the processor time for it. */
export interface StreamRequest {
  method: "GET" | "PUT" | "PATCH";
  url: string;
  headers: Readonly<Record<string, string>>;
}

/** For one connection: a second for each megabyte, and a minute more. */
const msPerByte = 1 / 1000;
/** Bytes that are read or written at once. */
const chunkBytes = 1024 * 1024;

function start({ method, url, headers }: StreamRequest, bytes: number) {
  const signal = AbortSignal.timeout(60_000 + Math.ceil(bytes * msPerByte));
  const send = url.startsWith("https:") ? requestHttps : requestHttp;
  return send(url, { method, headers: { "user-agent": "mergeml", ...headers }, signal });
}

/** Sends a file as the body of one request; the answer is not read yet. Throws when the connection is lost. */
export async function sendFile(asked: StreamRequest, path: string, bytes: number): Promise<IncomingMessage> {
  const sent = start({ ...asked, headers: { ...asked.headers, "content-length": String(bytes) } }, bytes);
  const answered = once(sent, "response") as Promise<[IncomingMessage]>;
  const body = bytes === 0 ? sent.end() : pipeline(createReadStream(path, { highWaterMark: chunkBytes }), sent);
  // A server may refuse before it has read all.
  const [answer] = await Promise.race([answered, Promise.resolve(body).then(() => answered)]);
  return answer;
}

/** Asks for something; the answer is not read yet. `bytes` are those that it may have. */
export async function openAnswer(asked: StreamRequest, bytes: number): Promise<IncomingMessage> {
  const sent = start(asked, bytes).end();
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  return answer;
}

/** How often a download goes on after it was cut, when each brought some of it. */
const mostCuts = 64;

/** An error that is no cut: asking again would not help. */
export class FinalError extends Error {}

/**
 * Writes so many bytes to a file, going on where a connection was cut. `openFrom` gives the answer that begins at a byte, or at the
 * first when its status is 200, and null when there is nothing. Throws FinalError as it is, and the last cut.
 */
export async function receiveFile(
  openFrom: (at: number) => Promise<IncomingMessage | null>,
  {
    path,
    bytes,
    patience = 8,
  }: { path: string; bytes: number /** Cuts in a row that brought nothing. */; patience?: number },
): Promise<boolean> {
  await (await open(path, "w")).close();
  let at = 0;
  for (let [cuts, idle] = [0, 0]; at < bytes; cuts += 1) {
    const before = at;
    try {
      const answer = await openFrom(at);
      if (answer === null) return false;
      if (answer.statusCode === 200) at = 0; // it begins from the start again
      at += await write(answer, { path, at, most: bytes - at });
      if (at < bytes) throw new CutError(0, new Error("its answers end early"));
    } catch (error) {
      if (error instanceof CutError) at += error.written;
      idle = at > before ? 0 : idle + 1;
      if (error instanceof FinalError || cuts === mostCuts || idle > patience) throw error;
      await sleep(Math.min(2_000, 100 * 2 ** idle));
    }
  }
  return true;
}

/** A connection that was lost after some bytes were written. */
class CutError extends Error {
  readonly written: number;

  constructor(written: number, cause: unknown) {
    super((cause as Error).message, { cause });
    this.written = written;
  }
}

interface Place {
  path: string;
  at: number;
  most: number;
}

async function write(answer: IncomingMessage, { path, at, most }: Place): Promise<number> {
  const file = createWriteStream(path, { flags: "r+", start: at, highWaterMark: 4 * chunkBytes });
  let received = 0;
  answer.on("data", (chunk: Buffer) => {
    received += chunk.length;
    if (received > most) answer.destroy(new FinalError(`it is larger than ${at + most} bytes`));
  });
  try {
    await pipeline(answer, file);
  } catch (error) {
    if (error instanceof FinalError) throw error;
    throw new CutError(file.bytesWritten, error);
  }
  return file.bytesWritten;
}
