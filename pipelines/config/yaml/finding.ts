import type { YAMLParseError } from "yaml";
import type { Problem, SourceLocation } from "../../errors/expected-error.ts";

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

/** Kinds of syntax error that are told; the rest are mostly echoes of the first. */
const MAX_KINDS = 3;

/** How to mend the mistakes people make most, by what the parser says. */
const hints: readonly (readonly [RegExp, string])[] = [
  [/^Tabs/, "indent with spaces"],
  [/^Plain value cannot start/, 'put the text in quotes, for example owner: "@octocat"'],
  [/^Invalid escape/, "write \\\\ for a backslash, or use single quotes"],
  [/^Missing closing/, "close the quote"],
  [/^(Flow map|Flow sequence).* end with/, "close every bracket"],
  [/^(Flow|Block collections are not allowed)/, "inside { } and [ ] use { } and [ ], with a comma between members"],
  [/^Nested mappings are not allowed/, "a text that contains a colon and a space needs quotes"],
  [/^(All|Map).*column|indent/i, "keys of one block start in the same column"],
  [/^Implicit/, "a key is followed by a colon and a space, as in key: value"],
  [/^Unexpected/, "a text with special characters needs quotes"],
];

/** The errors of the YAML parser, one of each kind. A tab explains all that follows it. */
export function syntaxFindings(errors: readonly YAMLParseError[]): Finding[] {
  const tab = errors.find((error) => error.code === "TAB_AS_INDENT");
  if (tab) return [syntaxFinding(tab)];
  const firsts = new Map(errors.toReversed().map((error) => [error.code, error]));
  const sorted = [...firsts.values()].sort((a, b) => a.pos[0] - b.pos[0]);
  return sorted.slice(0, MAX_KINDS).map(syntaxFinding);
}

function syntaxFinding({ message, pos: [start, end] }: YAMLParseError): Finding {
  const hint = hints.find(([pattern]) => pattern.test(message))?.[1];
  const span = { start, length: Math.max(end - start, 1) };
  return { path: [], span, message: `not valid YAML: ${message.slice(0, 300)}`, ...(hint && { hint }) };
}
