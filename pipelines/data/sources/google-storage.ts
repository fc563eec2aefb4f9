import type { Clock } from "../../ports/clock.ts";
import type { ObjectFacts, ObjectStorage } from "../object-storage/object-storage.ts";
import { sendRequest } from "../object-storage/send-request.ts";
import { ServerError } from "../object-storage/server-error.ts";
import type { SourceAccess } from "./reachable-source.ts";

/** A bucket as far as snapshots need it. */
export type ListedStorage = Pick<ObjectStorage, "list">;

interface Listing {
  items?: readonly { name: string; size: string; etag: string; updated: string }[];
  nextPageToken?: string;
}

/** A bucket of Google Cloud Storage as far as a token is enough to list it: https://cloud.google.com/storage/docs/json_api/v1/objects/list */
export function googleStorage(
  bucket: string,
  { endpoint, bearer }: SourceAccess & { kind: "gcs" },
  clock: Clock,
): ListedStorage {
  const server = endpoint ?? "https://storage.googleapis.com";
  const title = `the bucket ${bucket} at ${new URL(server).host}`;
  const settings = { title, clock, secrets: bearer ? [bearer] : [] };
  const headers = { authorization: `Bearer ${bearer ?? ""}` };
  async function* list(prefix: string): AsyncGenerator<ObjectFacts> {
    for (let page: string | undefined = ""; page !== undefined; ) {
      const query = new URLSearchParams({ prefix, ...(page && { pageToken: page }) });
      const url = `${server}/storage/v1/b/${bucket}/o?${query}`;
      const answer = await sendRequest(settings, { method: "GET", url, headers });
      if (answer.status !== 200)
        throw new ServerError(`${title} refused it (HTTP ${answer.status})`, "listing it", {
          status: answer.status,
          code: null,
        });
      const { items = [], nextPageToken } = JSON.parse(answer.body.toString("utf8")) as Listing;
      for (const { name, size, etag, updated } of items)
        yield { key: name, bytes: Number(size), etag, modified: new Date(updated) };
      page = nextPageToken;
    }
  }
  return { list };
}
