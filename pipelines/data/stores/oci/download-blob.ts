import { innermostMessage } from "../../../ports/request.ts";
import { type Answer, FinalError } from "../../object-storage/answer.ts";
import { openAnswer } from "../../object-storage/open-answer.ts";
import { ServerError } from "../../object-storage/server-error.ts";
import { receiveFile } from "../../object-storage/stream-request.ts";
import type { RegistryClient } from "./registry-client.ts";

/** Writes a blob to a file, going on where a connection was cut, and gives the digest of what arrived; null when the registry does not have it. Who asks compares the digest. */
export async function downloadBlob(
  client: RegistryClient,
  { digest, bytes }: { digest: string; bytes: number },
  path: string,
): Promise<string | null> {
  try {
    return await receiveFile((at) => openBlob(client, { digest, at, bytes }), { path, bytes });
  } catch (error) {
    if (error instanceof FinalError && error.cause instanceof ServerError) throw error.cause;
    const facts = { status: null, code: null };
    const message = `${client.title} cannot be read: ${innermostMessage(error as Error)}`;
    throw new ServerError(message, `GET blobs/${digest}`, facts, { cause: error });
  }
}

interface Wanted {
  digest: string;
  at: number;
  bytes: number;
}

/** Registries send on to where blobs are, which must not get our token. */
async function openBlob(client: RegistryClient, { digest, at, bytes }: Wanted): Promise<Answer | null> {
  const range: Record<string, string> = at > 0 ? { range: `bytes=${at}-` } : {};
  const ask = (url: string, headers: Record<string, string>) =>
    openAnswer({ url, headers: { ...range, ...headers } }, bytes - at);
  let url = `${client.base}/blobs/${digest}`;
  let answer = await ask(url, await client.headersFor("pull"));
  for (let hops = 0; isRedirect(answer) && hops < 3; hops += 1) {
    answer.drop();
    url = new URL(answer.headers.location ?? "", url).href;
    answer = await ask(url, {});
  }
  const { status } = answer;
  if (status === 200 || status === 206) return answer;
  answer.drop();
  if (status === 404) return null;
  if (status >= 500 || status === 429) throw new Error(`HTTP ${status}`);
  const message = `${client.title} refused it (HTTP ${status})`;
  const cause = new ServerError(message, `GET blobs/${digest}`, { status, code: null });
  throw new FinalError(message, { cause });
}

function isRedirect({ status }: Answer): boolean {
  return status >= 300 && status < 400;
}
