/** A word, a quoted name, a text, or one other character of an SQL text; comments and white space are none. */
export interface SqlToken {
  kind: "word" | "name" | "text" | "other";
  /** As written; of a quoted name what is between the quotes. */
  value: string;
  start: number;
  end: number;
}

/** What ends a comment or a quote, in the SQL of every engine we know: names in double quotes or backticks, `$$` texts. */
const lead =
  /\s+|--[^\n]*|\/\*|[eE]'[^'\\]*(?:(?:\\[\s\S]|'')[^'\\]*)*'?|'[^']*(?:''[^']*)*'?|"[^"]*(?:""[^"]*)*"?|`[^`]*(?:``[^`]*)*`?|\$(?:[A-Za-z_]\w*)?\$|[\p{L}_][\p{L}\p{N}_$]*|\p{N}[\p{L}\p{N}_.]*|[\s\S]/uy;

/** The tokens of a text. Never fails: what is left open ends with the text, and the engine's parser says so. */
export function sqlTokens(text: string): SqlToken[] {
  const tokens: SqlToken[] = [];
  lead.lastIndex = 0;
  for (let start = 0; start < text.length; ) {
    lead.lastIndex = start;
    const [written = ""] = lead.exec(text) ?? [];
    const end = endOf(text, start, written);
    const token = tokenOf(text.slice(start, end), start, end);
    if (token) tokens.push(token);
    start = end;
  }
  return tokens;
}

function endOf(text: string, start: number, written: string): number {
  if (written === "/*") return commentEnd(text, start);
  if (/^\$\w*\$$/.test(written)) {
    const close = text.indexOf(written, start + written.length);
    return close < 0 ? text.length : close + written.length;
  }
  return start + Math.max(1, written.length);
}

/** Comments nest. */
function commentEnd(text: string, start: number): number {
  const marks = /\/\*|\*\//g;
  marks.lastIndex = start;
  let depth = 0;
  for (let mark = marks.exec(text); mark; mark = marks.exec(text)) {
    depth += mark[0] === "/*" ? 1 : -1;
    if (depth === 0) return marks.lastIndex;
  }
  return text.length;
}

function tokenOf(written: string, start: number, end: number): SqlToken | null {
  const [first = ""] = written;
  if (/^\s/.test(written) || written.startsWith("--") || written.startsWith("/*")) return null;
  if (first === '"' || first === "`") {
    const value = written.slice(1, -1).replaceAll(first + first, first);
    return { kind: "name", value, start, end };
  }
  if (written.length > 1 && /^(?:[eE]?'|\$)/.test(written)) return { kind: "text", value: written, start, end };
  return { kind: /^[\p{L}_]/u.test(first) ? "word" : "other", value: written, start, end };
}
