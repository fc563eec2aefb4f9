/** Breaks up a sequence that GitHub would act on; invisible when read. Written as an entity so that it shows in the source. */
const BREAK = "&zwnj;";

/** Sequences that mean something to Markdown, HTML or GitHub, each with the form that only looks like it. */
const RULES: readonly (readonly [RegExp, (found: string) => string])[] = [
  [/&/g, () => "&amp;"],
  [/</g, () => "&lt;"],
  [/>/g, () => "&gt;"],
  [/[\\`*[\]~#]/g, (found) => `\\${found}`],
  // Inside a word an underscore is plain, and column names read better without backslashes.
  [/(?<![\p{L}\p{N}_])_+|_+(?![\p{L}\p{N}_])/gu, (found) => found.replaceAll("_", "\\_")],
  // An entity, not `\|`, because it holds inside and outside of tables.
  [/\|/g, () => "&vert;"],
  // Mentions and e-mail addresses, references to issues, links, emoji, mathematics.
  [/@/g, () => `@${BREAK}`],
  [/#(?=[\p{L}\p{N}])/gu, () => `#${BREAK}`],
  [/(?<![a-z0-9])GH-(?=\d)/gi, (found) => `${found.slice(0, 2)}${BREAK}-`],
  [/:\/\//g, () => `:${BREAK}//`],
  [/www\./gi, (found) => `${found.slice(0, 3)}${BREAK}.`],
  [/:(?=(?:[a-z][a-z0-9_+-]*|[+-]1|100|1234):)/gi, () => `:${BREAK}`],
  [/\$/g, () => "<span>$</span>"],
  // A list item or a rule at the start of a block.
  [/^(?:[-+](?=\s|$)|-(?=-)|=|\d+(?=[.)](?:\s|$)))/, (found) => (/\d/.test(found) ? `${found}\\` : `\\${found}`)],
];

/**
 * Text from a pull request as inert Markdown, for a paragraph, a list item, a link's text or a table cell: it shows
 * what was written, on one line, and never becomes markup, a mention, a link, an image or another table cell.
 */
export function escapeMarkdown(text: string, limit = 120): string {
  return RULES.reduce((escaped, [pattern, replace]) => escaped.replace(pattern, replace), oneLine(text, limit));
}

/** A sentence that quotes values from a pull request: as escapeMarkdown, with more room. */
export function escapeSentence(text: string): string {
  return escapeMarkdown(text, 600);
}

/**
 * The name of a model's section. GitHub gives headings in comments no anchors of their own and puts `user-content-`
 * before the names we give, so a link goes to `#user-content-` and this.
 */
export function anchorOf(model: string): string {
  return `mergeml-${model
    .toLowerCase()
    .slice(0, 100)
    .replace(/[^a-z0-9-]/g, "-")}`;
}

/** Somebody else's text on one line, safe to print, and at most `limit` code points long. */
export function oneLine(text: string, limit: number): string {
  const line = visibleText(
    text
      .slice(0, limit * 4 + 100)
      .toWellFormed()
      .replace(/\s+/g, " "),
  ).trim();
  const points = [...line];
  return points.length > limit ? `${points.slice(0, limit - 1).join("")}…` : line;
}

/**
 * Control characters, the bidirectional ones that make a line read differently from what it is, and those that nobody sees.
 * Not the joiners U+200C and U+200D, which scripts and emoji need.
 */
const hidden =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

/** Text from a file, safe to print: it cannot move the cursor, colour the terminal or hide itself. Tabs and line feeds stay. */
export function visibleText(text: string): string {
  return text.replaceAll(hidden, (character) => {
    const code = character.charCodeAt(0);
    if (code < 0x20) return String.fromCharCode(0x2400 + code);
    return code === 0x7f ? "\u2421" : "\ufffd";
  });
}

/** Columns a character takes on a terminal: 0 for combining marks, 2 for CJK and emoji (an approximation of Unicode TR11), else 1. */
export function displayWidth(character: string): number {
  if (/^(?:\p{Mark}|[\u200b-\u200d])/u.test(character)) return 0;
  return /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\u3000-\u303f\uff01-\uff60]/u.test(
    character,
  )
    ? 2
    : 1;
}

/** A text in which no address shows its password; as long as before, so that what points into it still does. */
export function withoutPasswords(text: string): string {
  const inAddress = /(:\/\/[^\s:/@'"]*:)([^\s'"]+)(?=@)/g;
  return text.replace(inAddress, (_, before: string, password: string) => before + "*".repeat(password.length));
}
