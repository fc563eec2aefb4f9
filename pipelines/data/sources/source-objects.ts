import { matchesGlob } from "node:path/posix";
import type { SourceConfig } from "../../config/model-config.ts";
import { type Problem, UserError } from "../../errors/expected-error.ts";
import type { Clock } from "../../ports/host.ts";
import { openAzure } from "../object-storage/azure.ts";
import type { AzureAuth } from "../object-storage/credentials.ts";
import { type ObjectFacts, type ObjectStorage, unquoted } from "../object-storage/object-storage.ts";
import { openS3 } from "../object-storage/s3.ts";
import { type HttpSettings, ServerError, sendRequest } from "../object-storage/send-request.ts";
import type { ObjectRead } from "./source-snapshot.ts";
import { bucketOf, keyOf } from "./storage-settings.ts";

type FileAccess = Exclude<SourceAccess, { kind: "database" }>;

/** The objects below `url` that a path or a pattern names, by name. */
export async function listRead(
  url: string,
  paths: readonly string[],
  access: FileAccess,
  clock: Clock,
): Promise<ObjectRead[]> {
  if (access.kind === "http") return Promise.all(paths.map((path) => headOverHttp(url, path, access.bearer, clock)));
  const storage = storageFor(url, access, clock);
  const root = folderOf(keyOf(url));
  const found = new Map<string, ObjectRead>();
  for (const path of paths) {
    for await (const { key, bytes, etag } of storage.list(root + withoutPattern(path))) {
      const name = key.slice(root.length);
      if (name === path || matchesGlob(name, path)) found.set(name, { name, bytes, etag });
    }
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function storageFor(url: string, access: Exclude<FileAccess, { kind: "http" }>, clock: Clock): ListedStorage {
  if (access.kind === "azure") return azureStorage(url, access, clock);
  if (access.kind === "gcs" && access.bearer !== null) return googleStorage(bucketOf(url), access, clock);
  return bucketStorage(url, access, clock);
}

function bucketStorage(url: string, access: FileAccess & { kind: "s3" | "gcs" }, clock: Clock): ObjectStorage {
  const region = access.kind === "s3" ? access.region : "auto";
  const endpoint = access.endpoint ?? (access.kind === "gcs" ? "https://storage.googleapis.com" : null);
  const { keys } = access;
  const credentials = { get: async () => keys && awsKeys(keys), renew: () => false };
  return openS3({ bucket: bucketOf(url), region, endpoint, credentials, signedIn: keys !== null, clock });
}

/** A bucket or container to read from and write to. Throws UserError for one whose token is good for reading alone. */
export function objectStorage(url: string, access: SourceAccess, clock: Clock): ObjectStorage {
  if (access.kind === "azure") return azureStorage(url, access, clock);
  if ((access.kind === "s3" || access.kind === "gcs") && !("bearer" in access && access.bearer))
    return bucketStorage(url, access, clock);
  throw new UserError({
    message: `${url} cannot be written to with this sign-in`,
    hint: "use an HMAC key: auth: env, with GCS_ACCESS_KEY_ID and GCS_SECRET_ACCESS_KEY",
  });
}

function awsKeys({ id, secret, session }: StorageKeys) {
  return {
    accessKeyId: id,
    secretAccessKey: secret,
    ...(session !== null && { sessionToken: session }),
    expires: null,
  };
}

function azureStorage(url: string, access: FileAccess & { kind: "azure" }, clock: Clock): ObjectStorage {
  const parts = new Map(
    (access.connection ?? "").split(";").map((part) => [part.split("=", 1)[0]!.trim(), part.replace(/^[^=]*=/, "")]),
  );
  const account = access.account ?? parts.get("AccountName") ?? "";
  const key = parts.get("AccountKey");
  const sas = parts.get("SharedAccessSignature");
  const { bearer } = access;
  const never = new Date(8.64e15);
  const auth: AzureAuth = key
    ? { by: "key", account, key }
    : sas
      ? { by: "sas", token: sas }
      : bearer !== null
        ? { by: "token", read: async () => ({ token: bearer, expires: never }) }
        : { by: "none" };
  const endpoint = access.endpoint ?? parts.get("BlobEndpoint") ?? null;
  const [container = ""] = bucketOf(url).split("@");
  return openAzure({ account, container, endpoint, auth, clock });
}

/** Redirects are not followed: the host that was reviewed is the one that is read. */
async function headOverHttp(url: string, path: string, bearer: string | null, clock: Clock): Promise<ObjectRead> {
  const { host } = new URL(url);
  const settings: HttpSettings = {
    title: `the web server ${host}`,
    clock,
    secrets: bearer ? [bearer] : [],
    attempts: 3,
  };
  const asked = folderOf(url) + path;
  const headers = bearer && { headers: { authorization: `Bearer ${bearer}` } };
  const answer = await sendRequest(settings, { method: "HEAD", url: asked, ...(headers || {}) });
  const { status } = answer;
  const facts = { status, code: null };
  if (status >= 300 && status < 400) {
    const target = answer.headers.get("location") ?? "another address";
    const message = `the web server ${host} sends ${path} on to ${target.slice(0, 200)}, which is not the host of the source`;
    throw new ServerError(message, `HEAD ${asked}`, facts);
  }
  if (status >= 400)
    throw new ServerError(`the web server ${host} answered HTTP ${status} for ${path}`, `HEAD ${asked}`, facts);
  const told = answer.headers;
  const etag = unquoted(told.get("etag") ?? told.get("last-modified") ?? "");
  return { name: path, bytes: Number(told.get("content-length") ?? 0), etag };
}

/** With a slash at its end, unless it is empty. */
export function folderOf(path: string): string {
  return path === "" || path.endsWith("/") ? path : `${path}/`;
}

/** What a pattern's matches all begin with. */
function withoutPattern(path: string): string {
  return path.replace(/[*?[{].*$/s, "");
}

/** A bucket as far as snapshots need it. */
type ListedStorage = Pick<ObjectStorage, "list">;

interface Listing {
  items?: readonly { name: string; size: string; etag: string; updated: string }[];
  nextPageToken?: string;
}

/** A bucket of Google Cloud Storage as far as a token is enough to list it: https://cloud.google.com/storage/docs/json_api/v1/objects/list */
function googleStorage(
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

/** Keys of an account, as S3 has them; `session` of those for a time. */
export interface StorageKeys {
  id: string;
  secret: string;
  session: string | null;
}

/** How a source is reached and signed in to: the secrets themselves, for memory and the pipe to the engine's process alone. */
export type SourceAccess =
  | { kind: "s3"; endpoint: string | null; region: string; keys: StorageKeys | null }
  | { kind: "gcs"; endpoint: string | null; keys: StorageKeys | null; bearer: string | null }
  | { kind: "azure"; endpoint: string | null; account: string | null; connection: string | null; bearer: string | null }
  | { kind: "http"; bearer: string | null }
  | { kind: "database"; url: string };

/** A source of mergeml.yaml as the engine's process gets it. */
export interface ReachableSource {
  name: string;
  config: SourceConfig;
  /** How, or why not; what is not used need not be reached. */
  access: SourceAccess | { problem: Problem };
}

/** What an engine's process needs to reach the sources that a query names. */
export interface ReachableSources {
  sources: readonly ReachableSource[];
  /** All that mergeml.yaml has, for who mistypes one. */
  names?: readonly string[];
  /** Folder of the engine's extensions that the operator gives. */
  extensions: string | null;
  /** Where the engine installs its extensions otherwise. */
  installed: string;
  /** File of authorities whose certificates the operator believes beside the usual ones. */
  certificates: string | null;
}

/** The texts of an access that nobody may read in a message. */
export function secretsOf(access: ReachableSource["access"]): string[] {
  if ("problem" in access) return [];
  if (access.kind === "database") return [access.url];
  const keys = "keys" in access && access.keys ? [access.keys.id, access.keys.secret, access.keys.session] : [];
  const more = "bearer" in access ? [access.bearer] : [];
  return [...keys, ...more, "connection" in access ? access.connection : null].filter((each) => each !== null);
}
