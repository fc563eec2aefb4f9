/** A piece of Spark SQL. `quoted` is a name in backquotes, `string` a literal with its quotes; places count UTF-16 units. */
export interface Token {
  kind: "word" | "quoted" | "string" | "parameter" | "symbol";
  text: string;
  start: number;
  end: number;
}

/** What is not taken apart, because engines or their settings read it differently, and where. */
interface Unclear {
  message: string;
  hint: string;
  start: number;
}

type Lexed = { tokens: Token[]; unclear: Unclear | null };

const patterns: readonly (readonly [Token["kind"] | "space", RegExp])[] = [
  ["space", /[ \t\r\n\f]+|--(?:[^\n\\]|\\(?!\n))*(?:\n|$)|\/\*(?!\+)(?:[^*/]|\*(?!\/)|\/(?!\*))*\*\//y],
  ["string", /'(?:[^'\\]|\\.|'')*'|"[^"\\]*"(?!")/sy],
  ["quoted", /`(?:[^`]|``)*`/y],
  ["parameter", /\$[A-Za-z_][A-Za-z0-9_]*/y],
  ["word", /[A-Za-z0-9_]+/y],
  ["symbol", /::|\/(?!\*)|-(?!-)|[()[\],.+*%<>=!|&^~;]/y],
];

/**
 * The tokens of a query. Spark has no word for its own syntax tree, so that whatever is to be judged before it is sent is judged
 * by these; what Spark could take for something else than this does is unclear, and not sent.
 */
export function tokensOf(text: string): Lexed {
  const tokens: Token[] = [];
  for (let at = 0; at < text.length; ) {
    const found = nextToken(text, at);
    if (!found) return { tokens, unclear: unclearAt(text, at) };
    const [kind, end] = found;
    if (kind !== "space") tokens.push({ kind, text: text.slice(at, end), start: at, end });
    at = end;
  }
  const odd = tokens.find((token, at) => oddity(token, tokens[at + 1]) !== null);
  return { tokens, unclear: odd ? { ...oddity(odd, tokens[tokens.indexOf(odd) + 1])!, start: odd.start } : null };
}

function nextToken(text: string, at: number): [Token["kind"] | "space", number] | null {
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = at;
    if (pattern.test(text)) return [kind, pattern.lastIndex];
  }
  return null;
}

function unclearAt(text: string, at: number): Unclear {
  const rest = text.slice(at);
  if (rest.startsWith("/*+"))
    return { message: "the query has a hint for the optimizer", hint: "take /*+ … */ out", start: at };
  if (rest.startsWith("/*"))
    return { message: "a comment is not closed, or has another in it", hint: "close it with */", start: at };
  if (/^['"`]/.test(rest)) {
    const hint = "close the quotes; write texts in single quotes, and names in backquotes";
    return { message: "a text or a name in quotes is not closed, or has escapes in double quotes", hint, start: at };
  }
  const [character = ""] = rest;
  const hint = "feature queries are made of names, numbers, texts and the operators of SQL";
  return { message: `${JSON.stringify(character)} is not taken here`, hint, start: at };
}

const controls = /\p{Cc}/u;

const escapes = /\\[^'"\\%_.*+?^${}()|[\]dDwWsSbB-]/;

/** What is told of a token that is whole, but could be read in two ways; null when it is plain. */
function oddity({ kind, text, end }: Token, next: Token | undefined): Omit<Unclear, "start"> | null {
  const touches = next?.start === end;
  if (kind === "string" && (controls.test(text) || escapes.test(text.replaceAll("\\\\", "")))) {
    return {
      message: "a text has a line break or an escape in it",
      hint: "write chr(10) for a line break, and the characters themselves otherwise",
    };
  }
  if (kind === "quoted" && controls.test(text)) {
    return { message: "a name has a line break in it", hint: "give the column another name" };
  }
  if (kind === "word" && touches && next?.kind === "string" && /^r$/i.test(text)) {
    return { message: "raw texts such as r'…' are not taken", hint: "write '…' and double each backslash" };
  }
  if (kind === "symbol" && touches && next?.text === ">" && (text === "|" || text === "=")) {
    return { message: `${text}> is not taken here`, hint: "write a plain SELECT" };
  }
  return null;
}
