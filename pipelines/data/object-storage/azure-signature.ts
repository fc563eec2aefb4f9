import { createHmac } from "node:crypto";
import type { HttpRequest } from "./send-request.ts";

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
