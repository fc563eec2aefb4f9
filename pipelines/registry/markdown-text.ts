/** Text that stays text in a Markdown table cell or paragraph: one line, no markup. */
export function plainText(text: string): string {
  return text
    .replace(/\s+/g, " ")
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/[\\`*_[\]]/g, "\\$&")
    .replace(/\|/g, "&#124;");
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
