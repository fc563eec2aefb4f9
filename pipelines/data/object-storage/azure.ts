import { createHmac, randomBytes } from "node:crypto";
import type { Clock } from "../../ports/host.ts";
import type { AzureAuth } from "./credentials.ts";
import {
  factsOfAnswer,
  largestWhole,
  type ObjectFacts,
  type ObjectStorage,
  openObject,
  type PartedUpload,
  sendObject,
  unquoted,
} from "./object-storage.ts";
import {
  type Ask,
  clean,
  type HttpAnswer,
  type HttpRequest,
  type HttpSettings,
  openServerClock,
  type ServerClock,
  ServerError,
  sendRequest,
  triedText,
} from "./send-request.ts";
import { listOf, parseXml, textOf } from "./xml.ts";

interface AzureSettings {
  account: string;
  container: string;
  /** Of another server than Azure's, with the account, e.g. `http://127.0.0.1:10000/devstoreaccount1`; null for Azure itself. */
  endpoint: string | null;
  auth: AzureAuth;
  clock: Clock;
  patience?: Pick<HttpSettings, "attempts" | "firstWait" | "timeoutMs">;
}

/** A container of an Azure storage account: https://learn.microsoft.com/rest/api/storageservices/blob-service-rest-api */
export function openAzure(settings: AzureSettings): ObjectStorage {
  const { account, container, endpoint, auth } = settings;
  const base = `${endpoint?.replace(/\/+$/, "") ?? `https://${account}.blob.core.windows.net`}/${container}`;
  const title = `the container ${container} at ${new URL(base).host}`;
  const serverClock = openServerClock(settings.clock);
  const { ask, sign } = asking(settings, { base, title, serverClock });
  return {
    title,
    signedIn: auth.by !== "none",
    now: serverClock.now,
    list: (prefix) => listBlobs(ask, prefix),
    async head(key) {
      const answer = await ask({ method: "HEAD", key }, [404]);
      return answer.status === 404 ? null : factsOfAnswer(key, answer.headers);
    },
    async get(key, { range, etag } = {}) {
      const part = range && { "x-ms-range": `bytes=${range.start}-${range.start + range.length - 1}` };
      const headers = { ...part, ...(etag && { "if-match": `"${etag}"` }) };
      const largest = range?.length ?? largestWhole;
      const { status, body } = await ask({ method: "GET", key, headers, largest }, [404, 412]);
      return status === 404 || status === 412 ? null : body;
    },
    async open(key, { start, bytes, etag }) {
      const headers = { "x-ms-range": `bytes=${start}-`, ...(etag && { "if-match": `"${etag}"` }) };
      return openObject(await sign({ method: "GET", url: urlOf(base, key), headers }), bytes);
    },
    async put(key, bytes, { ifAbsent = false } = {}) {
      const headers = { "x-ms-blob-type": "BlockBlob", ...(ifAbsent && { "if-none-match": "*" }) };
      const { status } = await ask({ method: "PUT", key, headers, body: bytes }, ifAbsent ? [409, 412] : []);
      return status < 300;
    },
    async send(key, file) {
      const headers = { "x-ms-blob-type": "BlockBlob", "content-type": "application/octet-stream" };
      return sendObject(await sign({ method: "PUT", url: urlOf(base, key), headers }, file.bytes), file);
    },
    startUpload: async (key) => startUpload(ask, key),
    async delete(key) {
      await ask({ method: "DELETE", key }, [404]);
    },
    // Azure ends blocks that nobody committed after a week.
    leftovers: async () => [],
  };
}

interface Asking {
  ask: Ask;
  /** `length` is that of a body that is not in the request. */
  sign(request: HttpRequest, length?: number): Promise<HttpRequest>;
}

function urlOf(base: string, key: string): string {
  return `${base}/${key.split("/").map(encodeURIComponent).join("/")}`;
}

interface Server {
  base: string;
  title: string;
  serverClock: ServerClock;
}

/** Azure refuses what is signed for a moment further away, and does not say that this is why. */
const largestSkewMs = 5 * 60_000;

function asking(settings: AzureSettings, { base, title, serverClock }: Server): Asking {
  const { auth, clock, patience } = settings;
  const secrets = auth.by === "key" ? [auth.key] : auth.by === "sas" ? [auth.token] : [];
  let skewMs = 0;
  const sign = async (request: HttpRequest, length?: number): Promise<HttpRequest> => {
    const headers: Record<string, string> = {
      ...request.headers,
      "x-ms-version": "2023-11-03",
      "x-ms-date": new Date(clock.now().getTime() + skewMs).toUTCString(),
      ...(request.body !== undefined && { "content-type": "application/octet-stream" }),
    };
    const signed = { ...request, headers };
    if (auth.by === "sas")
      return { ...signed, url: `${request.url}${request.url.includes("?") ? "&" : "?"}${auth.token}` };
    if (auth.by === "key") headers.authorization = sharedKey(signed, auth.account, auth.key, length);
    if (auth.by === "token") headers.authorization = `Bearer ${(await auth.read()).token}`;
    return signed;
  };
  const ask: Ask = async ({ method, key, query, headers, body, largest }, answers = []) => {
    const url = `${key === undefined ? base : urlOf(base, key)}${query ? `?${new URLSearchParams(query)}` : ""}`;
    const request = { method, url, ...(headers && { headers }), ...(body && { body }), ...(largest && { largest }) };
    const send = async () => {
      const received = await sendRequest({ title, clock, sign, secrets, ...patience }, request);
      serverClock.hear(received.headers);
      return received;
    };
    let answer = await send();
    if (answer.status === 403 && auth.by === "key" && Math.abs(serverClock.ahead() - skewMs) > largestSkewMs) {
      skewMs = serverClock.ahead();
      answer = await send();
    }
    if (answer.status < 300 || answers.includes(answer.status)) return answer;
    const text = refusalText(answer, title, auth);
    throw new ServerError(clean(text, { secrets }), triedText(request), {
      status: answer.status,
      code: codeOf(answer),
    });
  };
  return { ask, sign };
}

/** How to mend what Azure refuses, by its code: https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes */
const cures: Readonly<Record<string, string>> = {
  AuthenticationFailed:
    "AZURE_STORAGE_KEY is not the account's, the signature has expired, or this machine's clock is wrong",
  AuthorizationPermissionMismatch: "the identity lacks the role Storage Blob Data Contributor",
  AuthorizationFailure:
    "AZURE_STORAGE_KEY is not the account's, or its network rules, or the signature's rights, keep this job out",
  ContainerNotFound: "there is no such container",
  AccountIsDisabled: "the account is disabled",
  InsufficientStorage: "the account is full",
};

function codeOf({ headers }: HttpAnswer): string | null {
  return headers.get("x-ms-error-code");
}

function refusalText(answer: HttpAnswer, title: string, auth: AzureAuth): string {
  const { status } = answer;
  const code = codeOf(answer);
  const isUnsigned = auth.by === "none" && [401, 403, 404, 409].includes(status);
  const cure = isUnsigned
    ? "there are no credentials: set AZURE_STORAGE_KEY or AZURE_STORAGE_SAS_TOKEN, or AZURE_CLIENT_ID and AZURE_TENANT_ID in a job with id-token: write"
    : code !== null && Object.hasOwn(cures, code)
      ? cures[code]
      : null;
  return `${title} refused it (HTTP ${status}${code ? `, ${code}` : ""})${cure ? `: ${cure}` : ""}`;
}

async function* listBlobs(ask: Ask, prefix: string): AsyncGenerator<ObjectFacts> {
  for (let marker: string | null = ""; marker !== null; ) {
    const query = { restype: "container", comp: "list", prefix, ...(marker && { marker }) };
    const answer = await ask({ method: "GET", query });
    const xml = textOf(parseXml(answer.body.toString("utf8").replace(/^\ufeff/, "")), "EnumerationResults");
    for (const each of listOf(textOf(xml, "Blobs"), "Blob")) {
      const properties = textOf(each, "Properties");
      yield {
        key: String(textOf(each, "Name")),
        bytes: Number(textOf(properties, "Content-Length")),
        etag: unquoted(String(textOf(properties, "Etag") ?? "")),
        modified: new Date(String(textOf(properties, "Last-Modified"))),
      };
    }
    const next = textOf(xml, "NextMarker");
    marker = typeof next === "string" && next !== "" ? next : null;
  }
}

function startUpload(ask: Ask, key: string): PartedUpload {
  // Blocks of other uploads of this key must not be taken for ours.
  const own = randomBytes(6).toString("hex");
  const blockId = (number: number) => Buffer.from(`${own}-${String(number).padStart(8, "0")}`).toString("base64");
  const sent = new Set<number>();
  return {
    async put(number, bytes) {
      await ask({ method: "PUT", key, query: { comp: "block", blockid: blockId(number) }, body: bytes });
      sent.add(number);
    },
    async finish() {
      const blocks = [...sent].sort((a, b) => a - b).map((number) => `<Latest>${blockId(number)}</Latest>`);
      const body = Buffer.from(`<?xml version="1.0" encoding="utf-8"?><BlockList>${blocks.join("")}</BlockList>`);
      await ask({ method: "PUT", key, query: { comp: "blocklist" }, body });
    },
    // What is not committed is seen by nobody, and ends after a week.
    abandon: async () => {},
  };
}

/** The standard headers that are signed, in their order. */
const signedHeaders = [
  "content-encoding",
  "content-language",
  "content-length",
  "content-md5",
  "content-type",
  "date",
  "if-modified-since",
  "if-match",
  "if-none-match",
  "if-unmodified-since",
  "range",
];

/** The header that signs a request with an account's key: https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key */
export function sharedKey(
  { method, url, headers = {}, body }: HttpRequest,
  account: string,
  key: string,
  bytes = body?.length ?? 0,
): string {
  const length = bytes > 0 ? String(bytes) : "";
  const values = signedHeaders.map((name) => (name === "content-length" ? length : (headers[name] ?? "")));
  const own = Object.keys(headers)
    .filter((name) => name.startsWith("x-ms-"))
    .sort()
    .map((name) => `${name}:${headers[name]}`);
  const { pathname, searchParams } = new URL(url);
  const query = [...searchParams].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => `${name}:${value}`);
  const text = [method, ...values, ...own, `/${account}${pathname}`, ...query].join("\n");
  const signature = createHmac("sha256", Buffer.from(key, "base64")).update(text).digest("base64");
  return `SharedKey ${account}:${signature}`;
}
