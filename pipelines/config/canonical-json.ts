import { createHash } from "node:crypto";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * One text per value: keys sorted by UTF-16 code unit, no white space, numbers as JavaScript prints them
 * (the rules of RFC 8785 for the values we use). `undefined` members are left out, as JSON.stringify does.
 */
export function canonicalJson(value: unknown): string {
  if (typeof value === "number" && !Number.isFinite(value)) throw new TypeError(`${value} has no JSON form`);
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  // Seals of thousands of records are mostly this: lists of pairs and of parts would take half as long again.
  let inner = "";
  if (Array.isArray(value)) {
    for (const each of value) inner += `${inner && ","}${canonicalJson(each ?? null)}`;
    return `[${inner}]`;
  }
  for (const key of Object.keys(value).sort()) {
    const member = (value as Record<string, unknown>)[key];
    if (member !== undefined) inner += `${inner && ","}${JSON.stringify(key)}:${canonicalJson(member)}`;
  }
  return `{${inner}}`;
}

/** `sha256:` and 64 hex digits. Strings are hashed as UTF-8. */
export function sha256(content: string | Uint8Array): string {
  return `sha256:${createHash("sha256").update(content).digest("hex")}`;
}
