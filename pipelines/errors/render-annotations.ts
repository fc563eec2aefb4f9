import type { Problem } from "./expected-error.ts";
import { visibleText } from "./inert-markdown.ts";

/**
 * Problems as workflow commands of GitHub Actions, one a line, which GitHub shows beside the line of the file.
 * GitHub keeps ten errors and ten warnings of a step; the caller says in its summary when there are more.
 */
export function renderAnnotations(problems: readonly Problem[]): string {
  return problems.map(renderAnnotation).join("\n");
}

function renderAnnotation({ message, hint, where, key, severity = "error" }: Problem): string {
  const title = key ? `mergeml: ${key}` : "mergeml";
  const place = where
    ? { file: where.file, line: where.line, col: where.column, endColumn: where.column + (where.length ?? 1) }
    : {};
  const properties = Object.entries({ ...place, title }).map(
    ([name, value]) => `${name}=${escapeProperty(visibleText(`${value}`))}`,
  );
  const text = hint ? `${message}\n${hint}` : message;
  return `::${severity} ${properties.join(",")}::${escapeData(visibleText(text))}`;
}

/** As `escapeData` of @actions/core: the runner undoes it. */
function escapeData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
