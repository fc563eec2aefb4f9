import type { Problem, SourceLocation } from "../../errors/user-error.ts";

/** Where a value sits in a document, from the top: `["features", "checks", 0]`. */
export type KeyPath = readonly (string | number)[];

/** Offset and length in the text, in UTF-16 units. */
export interface TextSpan {
  start: number;
  length: number;
}

/** A problem before its place in the file is known: most are found on values, by path. */
export interface Finding {
  path: KeyPath;
  /** What is underlined: the value (default) or its key. */
  at?: "key" | "value";
  /** Set when the path cannot name the place, e.g. of a duplicate key. */
  span?: TextSpan;
  /** Set when the value may be a secret: its line is not shown. */
  secret?: true;
  message: string;
  hint?: string;
}

/** `features.checks[0].between` */
export function dotted(path: KeyPath): string {
  return path.map((step, index) => (typeof step === "number" ? `[${step}]` : index ? `.${step}` : step)).join("");
}

/** The finding as users see it. */
export function toProblem({ path, message, hint, secret }: Finding, found: SourceLocation): Problem {
  const key = dotted(path);
  const { lineText: _line, ...place } = found;
  const where = secret ? place : found;
  return { message, ...(hint && { hint }), where, ...(key && { key }), severity: "error" };
}
