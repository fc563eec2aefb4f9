import { isUtf8 } from "node:buffer";

/** A text as git keeps it: a checkout on Windows has other line ends, and is the same commit. */
export function plainLineEnds(text: string): string {
  return text.replaceAll("\r\n", "\n");
}

/** The bytes of a file as git keeps them, where it is a text without doubt: UTF-8 and no null character. */
export function plainBytes(bytes: Buffer): Buffer {
  if (!bytes.includes("\r\n") || bytes.includes(0) || !isUtf8(bytes)) return bytes;
  return Buffer.from(plainLineEnds(bytes.toString("utf8")), "utf8");
}
