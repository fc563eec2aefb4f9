import { escapeMarkdown } from "../errors/inert-markdown.ts";

/** Room for whatever a config may say of a model: cards are kept, and read as a whole. */
const longest = 4_000;

/** Text that stays text in Markdown, whoever wrote it: one line, as in the report of a pull request. */
export function plainText(text: string): string {
  return escapeMarkdown(text, longest);
}

/** A table of cells that are Markdown already. `right` names the columns, by index, whose figures stand to the right. */
export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly number[] = [],
): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map((_, index) => (right.includes(index) ? "--:" : "---"))), ...rows.map(line)].join(
    "\n",
  );
}
