import { visibleText } from "../errors/visible-text.ts";

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
