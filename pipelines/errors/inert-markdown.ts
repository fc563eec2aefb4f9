import { visibleText } from "./visible-text.ts";

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
