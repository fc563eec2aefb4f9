import type { ErrorCode, YAMLParseError } from "yaml";
import type { Finding } from "./finding.ts";

/** How to mend the mistakes people make most; the parser's own message says what it met. */
const hints: Partial<Record<ErrorCode, string>> = {
  BAD_SCALAR_START: 'put the text in quotes, for example owner: "@octocat"',
  BAD_DQ_ESCAPE: "write \\\\ for a backslash, or use single quotes",
  BAD_INDENT: "keys of one block start in the same column; indent with spaces",
  BLOCK_AS_IMPLICIT_KEY: "a text that contains a colon and a space needs quotes; a nested block starts on its own line",
  BLOCK_IN_FLOW: "inside { } and [ ] use { } and [ ], not indented blocks",
  MISSING_CHAR: "a key is followed by a colon and a space, as in key: value; close every quote and bracket",
  MULTILINE_IMPLICIT_KEY: "a key is followed by a colon and a space, as in key: value",
  TAB_AS_INDENT: "indent with spaces",
  UNEXPECTED_TOKEN: "a text with special characters needs quotes",
};

/** One error of the YAML parser, with a hint. */
export function syntaxFinding(error: YAMLParseError): Finding {
  const [start, end] = error.pos;
  const hint = hints[error.code];
  const message = `not valid YAML: ${error.message.slice(0, 300)}`;
  return { path: [], span: { start, length: Math.max(end - start, 1) }, message, ...(hint && { hint }) };
}
