/** Room for what closes open folds and code. */
const closing = 200;

/**
 * Markdown in at most `limit` UTF-16 units (GitHub counts characters, which are never more): cut before a heading, else
 * before a paragraph or a line, with open folds and code closed and `note` below.
 */
export function cutMarkdown(text: string, limit: number, note: string): string {
  if (text.length <= limit) return text;
  const head = text.slice(0, Math.max(0, limit - note.length - closing)).toWellFormed();
  const heading = [...head.matchAll(/\n(?=#{1,6} )/g)].at(-1)?.index ?? 0;
  const end = heading || Math.max(head.lastIndexOf("\n\n"), 0) || Math.max(head.lastIndexOf("\n"), 0) || head.length;
  const kept = head.slice(0, end).trimEnd();
  return `${kept}${closed(kept)}\n\n${note}`.slice(0, limit).toWellFormed();
}

function closed(kept: string): string {
  const count = (pattern: RegExp) => kept.match(pattern)?.length ?? 0;
  const fence = count(/^```/gm) % 2 === 1 ? "\n```" : "";
  const folds = Math.max(0, count(/<details\b/g) - count(/<\/details>/g));
  return fence + "\n\n</details>".repeat(Math.min(folds, 10));
}
