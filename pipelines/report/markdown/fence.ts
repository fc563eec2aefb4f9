import { visibleText } from "../../errors/inert-markdown.ts";

const LONGEST_LINE = 500;

/**
 * Text as a fenced code block, whose fence is longer than any run of backticks inside so that the text cannot close it.
 * At most `lines` lines are shown, with a line that counts the rest, because a report has a limit.
 */
export function fence(text: string, language = "", lines = 100): string {
  const all = text.toWellFormed().replace(/\r\n?/g, "\n").replace(/\n+$/, "").split("\n");
  const shown = all
    .slice(0, lines)
    .map((line) => (line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}…` : line));
  if (all.length > lines) shown.push(`… ${all.length - lines} more lines`);
  const body = visibleText(shown.join("\n").toWellFormed());
  const longest = (body.match(/`+/g) ?? []).reduce((length, run) => Math.max(length, run.length), 2);
  const bar = "`".repeat(longest + 1);
  return `${bar}${language}\n${body}\n${bar}`;
}

/**
 * A folded part of the report. The title is our own words, never text from a pull request: GitHub reads the summary line
 * as HTML. The blank lines make it read the body as Markdown again.
 */
export function detailsBlock(title: string, body: string): string {
  return `<details><summary>${title}</summary>\n\n${body}\n\n</details>`;
}
