import type { IncomingMessage } from "node:http";
import type { HttpRequest } from "./send-request.ts";
import { FinalError, openAnswer, sendFile } from "./stream-request.ts";

/** Sends a signed GET and leaves its answer to be read: null for what is not there or has changed. */
export async function openObject(signed: HttpRequest, bytes: number): Promise<IncomingMessage | null> {
  const { url, headers = {} } = signed;
  const answer = await openAnswer({ method: "GET", url, headers }, bytes);
  const { statusCode: status = 0 } = answer;
  if (status === 200 || status === 206) return answer;
  answer.resume();
  if (status === 404 || status === 412) return null;
  if (status >= 500 || status === 429) throw new Error(`HTTP ${status}`);
  throw new FinalError(`HTTP ${status}`);
}

/** Sends a file by a signed PUT; false when that failed: who sends it in parts is told why. */
export async function sendObject(
  { url, headers = {} }: HttpRequest,
  { path, bytes }: { path: string; bytes: number },
): Promise<boolean> {
  try {
    const answer = await sendFile({ method: "PUT", url, headers }, path, bytes);
    answer.resume();
    const { statusCode = 0 } = answer;
    return statusCode >= 200 && statusCode < 300;
  } catch {
    return false;
  }
}
