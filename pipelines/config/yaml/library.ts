import { createRequire } from "node:module";
import type { Parser } from "yaml";

const require = createRequire(import.meta.url);

/** The YAML library, loaded when it is first needed, so that commands that read no config start quicker. */
export function yamlLibrary(): typeof import("yaml") {
  return require("yaml");
}

type Token = Parser["stack"][number];

/** Levels a value may have. The deepest config has six. */
export const MAX_DEPTH = 64;

/** What the parser keeps open besides the collections that a value lies in: the document, a pair in brackets, a scalar. */
const notLevels = 3;

/**
 * The syntax of a text, or the offset at which it nests too deeply. The parser and all that reads its tree recurse, so its
 * own stack of open collections is watched while it grows: no other count knows every way in which YAML nests.
 */
export function parseTokens(text: string): Token[] | { tooDeepAt: number } {
  const { Lexer, Parser } = yamlLibrary();
  const parser = new Parser();
  const tokens: Token[] = [];
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) tokens.push(token);
    if (parser.stack.length > MAX_DEPTH + notLevels) return { tooDeepAt: Math.min(parser.offset, text.length) };
  }
  return [...tokens, ...parser.end()];
}
