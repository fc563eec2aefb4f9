import { createHash } from "node:crypto";
import { AwsV4Signer } from "aws4fetch";
import type { Clock } from "../../ports/host.ts";
import type { AwsCredentialSource } from "./credentials.ts";
import {
  type ByteRange,
  factsOfAnswer,
  type Leftover,
  largestWhole,
  type ObjectFacts,
  type ObjectStorage,
  openObject,
  type PartedUpload,
  sendObject,
  unquoted,
} from "./object-storage.ts";
import { s3Refusal } from "./s3-refusal.ts";
import {
  type Ask,
  type Asked,
  clean,
  type HttpAnswer,
  type HttpRequest,
  type HttpSettings,
  openServerClock,
  type ServerClock,
  sendRequest,
  triedText,
} from "./send-request.ts";
import { listOf, parseXml, textOf } from "./xml.ts";

export interface S3Settings {
  bucket: string;
  /** `eu-central-1`; `auto` for servers that have none. */
  region: string;
  /** Of a server that speaks S3, e.g. `http://127.0.0.1:7070`; null for AWS itself. */
  endpoint: string | null;
  credentials: AwsCredentialSource;
  signedIn: boolean;
  clock: Clock;
  /** For tests: how patient it is. */
  patience?: Pick<HttpSettings, "attempts" | "firstWait" | "timeoutMs">;
}

/** A bucket of S3, or of a server that speaks its protocol: GCS, R2, MinIO, Ceph. */
export function openS3(settings: S3Settings): ObjectStorage {
  const base = baseUrl(settings);
  const title = `the bucket ${settings.bucket} at ${new URL(base).host}`;
  const serverClock = openServerClock(settings.clock);
  const { ask, sign } = asking(settings, { base, title, serverClock });
  return {
    title,
    signedIn: settings.signedIn,
    now: serverClock.now,
    list: (prefix) => listObjects(ask, prefix),
    async head(key) {
      const answer = await ask({ method: "HEAD", key }, [404]);
      return answer.status === 404 ? null : factsOfAnswer(key, answer.headers);
    },
    async get(key, { range, etag } = {}) {
      const headers = { ...(range && rangeHeader(range)), ...(etag && { "if-match": `"${etag}"` }) };
      const largest = range?.length ?? largestWhole;
      const { status, body } = await ask({ method: "GET", key, headers, largest }, [404, 412]);
      return status === 404 || status === 412 ? null : body;
    },
    async open(key, { start, bytes, etag }) {
      const headers = { range: `bytes=${start}-`, ...(etag && { "if-match": `"${etag}"` }) };
      return openObject(await sign(requestOf(base, { method: "GET", key, headers })), bytes);
    },
    async put(key, bytes, { ifAbsent = false } = {}) {
      const condition = { headers: { "if-none-match": "*" } };
      const put = { method: "PUT", key, body: bytes } as const;
      const { status } = ifAbsent ? await ask({ ...put, ...condition }, [412, 501]) : await ask(put);
      if (status === 501) await ask(put); // a server that knows no conditions
      return status !== 412;
    },
    async send(key, file) {
      const signed = await sign(requestOf(base, { method: "PUT", key, headers: unsignedContent }));
      return sendObject(signed, file);
    },
    startUpload: (key) => startUpload(ask, key),
    async delete(key) {
      await ask({ method: "DELETE", key }, [404]);
    },
    leftovers: (prefix) => unfinishedUploads(ask, prefix),
  };
}

function rangeHeader({ start, length }: ByteRange): Record<string, string> {
  return { range: `bytes=${start}-${start + length - 1}` };
}

/** A bucket of AWS has a host of its own, unless its name has dots, which no certificate covers. */
function baseUrl({ bucket, region, endpoint }: S3Settings): string {
  if (endpoint !== null) return `${endpoint.replace(/\/+$/, "")}/${bucket}`;
  const server = `s3.${region}.amazonaws.com`;
  return bucket.includes(".") ? `https://${server}/${bucket}` : `https://${bucket}.${server}`;
}

interface Asking {
  ask: Ask;
  sign(request: HttpRequest): Promise<HttpRequest>;
}

interface Server {
  base: string;
  title: string;
  serverClock: ServerClock;
}

function asking(settings: S3Settings, { base, title, serverClock }: Server): Asking {
  const { clock, credentials, region, patience } = settings;
  let skewMs = 0;
  const sign = async (request: HttpRequest): Promise<HttpRequest> => {
    const known = await credentials.get();
    if (known === null) return request;
    const { expires: _expires, ...keys } = known;
    const datetime = signingTime(new Date(clock.now().getTime() + skewMs));
    const { method, url } = request;
    const headers = {
      ...request.headers,
      "x-amz-content-sha256": request.headers?.["x-amz-content-sha256"] ?? hashOf(request.body),
    };
    const signed = await new AwsV4Signer({ method, url, headers, ...keys, region, service: "s3", datetime }).sign();
    return { ...request, url: signed.url.href, headers: Object.fromEntries(signed.headers) };
  };
  const ask: Ask = async (asked, answers = []) => {
    const request = requestOf(base, asked);
    /** What HEAD is refused for stands in no body: the same, asked as GET, tells. */
    const withReason = async (answer: HttpAnswer) =>
      asked.method === "HEAD" && answer.status === 403
        ? await sendRequest(
            { title, clock, sign, ...patience },
            { ...request, method: "GET", headers: { range: "bytes=0-0" } },
          )
        : answer;
    for (let attempt = 1; ; attempt += 1) {
      const known = await credentials.get();
      const secrets = known ? [known.secretAccessKey, known.sessionToken ?? "", known.accessKeyId] : [];
      const answer = await sendRequest({ title, clock, sign, secrets, ...patience }, request);
      serverClock.hear(answer.headers);
      if (answer.status < 300 || answers.includes(answer.status)) return answer;
      const refusal = s3Refusal(await withReason(answer), {
        title,
        signedIn: known !== null,
        tried: triedText(request),
      });
      const { code } = refusal.facts;
      if (attempt === 1 && code === "RequestTimeTooSkewed") skewMs = serverClock.ahead();
      else if (
        !(attempt === 1 && (code === "ExpiredToken" || code === "ExpiredTokenException") && credentials.renew())
      ) {
        refusal.message = clean(refusal.message, { secrets });
        throw refusal;
      }
    }
  };
  return { ask, sign };
}

function requestOf(base: string, { method, key, query, headers, body, largest }: Asked): HttpRequest {
  const path = key === undefined ? "" : `/${key.split("/").map(encodeURIComponent).join("/")}`;
  const text = query ? `?${new URLSearchParams(query)}` : "";
  const url = `${base}${path}${text}`;
  return { method, url, ...(headers && { headers }), ...(body && { body }), ...(largest && { largest }) };
}

function signingTime(time: Date): string {
  return time.toISOString().replace(/[:-]|\.\d{3}/g, "");
}

function hashOf(body: Uint8Array | string | undefined): string {
  return createHash("sha256")
    .update(body ?? "")
    .digest("hex");
}

async function* listObjects(ask: Ask, prefix: string): AsyncGenerator<ObjectFacts> {
  for (let token: string | null = ""; token !== null; ) {
    const query = { "list-type": "2", prefix, ...(token && { "continuation-token": token }) };
    const xml = textOf(parseXml((await ask({ method: "GET", query })).body.toString("utf8")), "ListBucketResult");
    for (const each of listOf(xml, "Contents")) {
      yield {
        key: String(textOf(each, "Key")),
        bytes: Number(textOf(each, "Size")),
        etag: unquoted(String(textOf(each, "ETag") ?? "")),
        modified: new Date(String(textOf(each, "LastModified"))),
      };
    }
    const next = textOf(xml, "NextContinuationToken");
    token = typeof next === "string" && textOf(xml, "IsTruncated") === "true" ? next : null;
  }
}

/** A part's own hash would be computed on both sides; all of the content is read back and compared before anything points to it. */
const unsignedContent = { "x-amz-content-sha256": "UNSIGNED-PAYLOAD" };

async function startUpload(ask: Ask, key: string): Promise<PartedUpload> {
  const started = await ask({ method: "POST", key, query: { uploads: "" } });
  const xml = parseXml(started.body.toString("utf8"));
  const uploadId = String(textOf(xml, "InitiateMultipartUploadResult", "UploadId"));
  const etags = new Map<number, string>();
  return {
    async put(number, bytes) {
      const query = { partNumber: String(number), uploadId };
      const { headers } = await ask({ method: "PUT", key, query, body: bytes, headers: unsignedContent });
      etags.set(number, headers.get("etag") ?? "");
    },
    async finish() {
      const body = Buffer.from(partList(etags));
      // Sent again after a lost answer, it is gone; then the object is there.
      const answer = await ask({ method: "POST", key, query: { uploadId }, body }, [404]);
      // A server may begin to answer 200 and then fail.
      const failed = answer.status === 404 ? null : textOf(parseXml(answer.body.toString("utf8")), "Error", "Code");
      const isThere = async () => (await ask({ method: "HEAD", key }, [404])).status !== 404;
      if (typeof failed === "string" || (answer.status === 404 && !(await isThere())))
        throw s3Refusal(answer, { title: `the upload of ${key}`, signedIn: true, tried: `POST ${key}` });
    },
    async abandon() {
      await ask({ method: "DELETE", key, query: { uploadId } }, [404]);
    },
  };
}

function partList(etags: ReadonlyMap<number, string>): string {
  const parts = [...etags].sort(([a], [b]) => a - b);
  const text = parts.map(([number, etag]) => `<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag></Part>`);
  return `<CompleteMultipartUpload>${text.join("")}</CompleteMultipartUpload>`;
}

async function unfinishedUploads(ask: Ask, prefix: string): Promise<Leftover[]> {
  const found: Leftover[] = [];
  for (let marker: Record<string, string> | null = {}; marker !== null; ) {
    const answer = await ask({ method: "GET", query: { uploads: "", prefix, ...marker } }, [501]);
    const xml = textOf(parseXml(answer.body.toString("utf8")), "ListMultipartUploadsResult");
    for (const each of listOf(xml, "Upload")) {
      const [key, uploadId] = [String(textOf(each, "Key")), String(textOf(each, "UploadId"))];
      const remove = async () => void (await ask({ method: "DELETE", key, query: { uploadId } }, [404]));
      found.push({ key, started: new Date(String(textOf(each, "Initiated"))), remove });
    }
    const [key, id] = ["NextKeyMarker", "NextUploadIdMarker"].map((name) => textOf(xml, name));
    const more = textOf(xml, "IsTruncated") === "true" && typeof key === "string";
    marker = more ? { "key-marker": key, ...(typeof id === "string" && { "upload-id-marker": id }) } : null;
  }
  return found;
}
