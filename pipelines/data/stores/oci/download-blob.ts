import { open } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { innermostMessage } from "../../../ports/request.ts";
import { ServerError } from "../../object-storage/server-error.ts";
import type { RegistryClient } from "./registry-client.ts";

/** How often a download goes on after it was cut before the registry counts as down. */
const mostCuts = 8;
/** For one connection: a second for each megabyte, and a minute more. */
const msPerByte = 1 / 1000;

/** Writes a blob to a file, going on where a connection was cut; false when the registry does not have it. Who asks checks the digest. */
export async function downloadBlob(
  client: RegistryClient,
  { digest, bytes }: { digest: string; bytes: number },
  path: string,
): Promise<boolean> {
  await using file = await open(path, "w");
  let at = 0;
  for (let cuts = 0; at < bytes; cuts += 1) {
    try {
      const response = await openBlob(client, digest, at, bytes);
      if (response === null) return false;
      if (at > 0 && response.status !== 206) at = 0; // it begins from the start again
      for await (const chunk of response.body ?? []) {
        if (at + chunk.length > bytes) throw new RangeError(`it is larger than ${bytes} bytes`);
        await file.write(chunk, 0, chunk.length, at);
        at += chunk.length;
      }
    } catch (error) {
      if (error instanceof ServerError || error instanceof RangeError || cuts === mostCuts)
        throw lost(client, digest, error);
      await sleep(Math.min(2_000, 100 * 2 ** cuts));
    }
    if (at < bytes && cuts === mostCuts) throw lost(client, digest, new Error("its answers end early"));
  }
  return true;
}

/** Registries send on to where blobs are, which must not get our token. */
async function openBlob(client: RegistryClient, digest: string, at: number, bytes: number): Promise<Response | null> {
  const signal = AbortSignal.timeout(60_000 + Math.ceil((bytes - at) * msPerByte));
  const range: Record<string, string> = at > 0 ? { range: `bytes=${at}-` } : {};
  const common = { redirect: "manual", signal } as const;
  let response = await fetch(`${client.base}/blobs/${digest}`, {
    ...common,
    headers: { "user-agent": "mergeml", ...range, ...(await client.headersFor("pull")) },
  });
  for (let hops = 0; response.status >= 300 && response.status < 400 && hops < 3; hops += 1) {
    const target = new URL(response.headers.get("location") ?? "", response.url);
    await response.body?.cancel();
    response = await fetch(target, { ...common, headers: { "user-agent": "mergeml", ...range } });
  }
  if (response.status === 200 || response.status === 206) return response;
  await response.body?.cancel();
  if (response.status === 404) return null;
  if (response.status >= 500 || response.status === 429) throw new Error(`HTTP ${response.status}`);
  throw new ServerError(`${client.title} refused it (HTTP ${response.status})`, `GET blobs/${digest}`, {
    status: response.status,
    code: null,
  });
}

function lost({ title }: RegistryClient, digest: string, error: unknown): ServerError {
  if (error instanceof ServerError) return error;
  const facts = { status: null, code: null };
  return new ServerError(`${title} cannot be read: ${innermostMessage(error as Error)}`, `GET blobs/${digest}`, facts, {
    cause: error,
  });
}
