import { yamlLibrary } from "./library.ts";

/** Brackets that may be open at once. A config needs three. */
export const MAX_FLOW_DEPTH = 64;

/** Indicators (`-`, `?`, `:`) of block collections that may open on one line. A config needs three. */
const MAX_OPENED_ON_A_LINE = 32;

/** Lines shorter than this cannot nest deep enough, by brackets or indicators, to matter. */
const HARMLESS_LINE = 200;

/**
 * Offset at which a text nests too deeply to be parsed, or null. The parser recurses, so this is decided on the
 * flat stream of tokens, and only for texts that look suspicious, because most do not.
 */
export function tooDeepAt(text: string): number | null {
  return looksDeep(text) ? depthOfTokens(text) : null;
}

function looksDeep(text: string): boolean {
  let brackets = 0;
  let lineStart = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x0a) lineStart = at + 1;
    else if (code === 0x5b || code === 0x7b) brackets++;
    if (brackets > MAX_FLOW_DEPTH || at - lineStart > HARMLESS_LINE) return true;
  }
  return false;
}

/** Marks of the lexer that are no part of the text: a document starts, a flow collection breaks off, a scalar follows. */
const documentMark = "\u0002";
const brokenFlowMark = "\u0018";
const scalarMark = "\u001f";

function depthOfTokens(text: string): number | null {
  const { Lexer } = yamlLibrary();
  const depth = { flow: 0, line: 0 };
  let offset = 0;
  let scalar = false;
  for (const token of new Lexer().lex(text)) {
    if (token === documentMark || token === brokenFlowMark) continue;
    if (token === scalarMark) scalar = true;
    else {
      if (!scalar) count(depth, token);
      if (depth.flow > MAX_FLOW_DEPTH || depth.line > MAX_OPENED_ON_A_LINE) return offset;
      scalar = false;
      offset += token.length;
    }
  }
  return null;
}

function count(depth: { flow: number; line: number }, token: string): void {
  if (token === "[" || token === "{") depth.flow++;
  else if (token === "]" || token === "}") depth.flow = Math.max(0, depth.flow - 1);
  else if (token === "\n" || token === "\r\n") depth.line = 0;
  else if (depth.flow === 0 && (token === "-" || token === "?" || token === ":")) depth.line++;
}
