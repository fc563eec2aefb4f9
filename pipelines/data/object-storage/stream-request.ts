import { once } from "node:events";
import { createReadStream } from "node:fs";
import type { IncomingMessage } from "node:http";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { type Answer, FinalError } from "./answer.ts";
import { openHashedFile } from "./hashed-file.ts";
import { type StreamRequest, startRequest } from "./open-answer.ts";

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
