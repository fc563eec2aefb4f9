import { type Answer, FinalError } from "./answer.ts";
import { openAnswer } from "./open-answer.ts";
import type { HttpRequest } from "./send-request.ts";
import { sendFile } from "./stream-request.ts";

/** Sends a signed GET and leaves its answer to be read: null for what is not there or has changed. */
export async function openObject(signed: HttpRequest, bytes: number): Promise<Answer | null> {
  const { url, headers = {} } = signed;
  const answer = await openAnswer({ url, headers }, bytes);
  const { status } = answer;
  if (status === 200 || status === 206) return answer;
  answer.drop();
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
