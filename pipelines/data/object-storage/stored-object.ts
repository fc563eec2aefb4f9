import type { ObjectFacts } from "./object-storage.ts";

/** Whole objects that are larger, in bytes, are read in parts. */
export const largestWhole = 64 * 1024 * 1024;

/** What the headers of an answer tell of an object. */
export function factsOfAnswer(key: string, headers: Headers): ObjectFacts {
  return {
    key,
    bytes: Number(headers.get("content-length") ?? 0),
    etag: unquoted(headers.get("etag") ?? ""),
    modified: new Date(headers.get("last-modified") ?? 0),
  };
}

/** An ETag without its quotes. */
export function unquoted(etag: string): string {
  return etag.replace(/^W\//, "").replaceAll('"', "");
}
