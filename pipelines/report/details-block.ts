/**
 * A folded part of the report. The title is our own words, never text from a pull request: GitHub reads the summary line
 * as HTML. The blank lines make it read the body as Markdown again.
 */
export function detailsBlock(title: string, body: string): string {
  return `<details><summary>${title}</summary>\n\n${body}\n\n</details>`;
}
