import type { Problem, SourceLocation } from "./expected-error.ts";
import { displayWidth, visibleText } from "./inert-markdown.ts";

export { renderAnnotations } from "./render-annotations.ts";

const longestMessage = 10_000;

/** Problems for people: `file:line:column  severity  message`, the line with what is wrong underlined, and how to mend it. */
export function renderProblems(problems: readonly Problem[]): string {
  return problems.map(renderProblem).join("\n\n");
}

/** The closing line of a list of problems, e.g. `2 errors in 1 of 3 models`. `models` is how many were looked at. */
export function countLine(problems: readonly Problem[], models: number): string {
  if (problems.length === 0) return `no problems in ${counted(models, "model")}`;
  const warnings = problems.filter((problem) => problem.severity === "warning").length;
  const errors = problems.length - warnings;
  const found = [errors && counted(errors, "error"), warnings && counted(warnings, "warning")].filter(Boolean);
  const affected = new Set(problems.flatMap(modelFolder)).size;
  const where = affected === 0 ? "" : ` in ${affected} of ${counted(models, "model")}`;
  return found.join(" and ") + where;
}

function counted(count: number, noun: string): string {
  return `${count.toLocaleString("en-US")} ${noun}${count === 1 ? "" : "s"}`;
}

function modelFolder({ where }: Problem): string[] {
  const match = /^models\/([^/]+)\//.exec(where?.file ?? "");
  return match ? [match[1]!] : [];
}

function renderProblem(problem: Problem): string {
  const severity = problem.severity ?? "error";
  const place = problem.where ? `${renderPlace(problem.where)}  ` : "";
  const lines = [`${place}${severity}  ${indentFurtherLines(visibleText(bounded(problem.message)))}`];
  if (problem.where) lines.push(...renderFrame(problem.where));
  if (problem.hint) lines.push(`    ${indentFurtherLines(visibleText(problem.hint))}`);
  return lines.join("\n");
}

/** Engines quote the line that they cannot read, and a line may have megabytes. */
function bounded(message: string): string {
  return message.length > longestMessage ? `${message.slice(0, longestMessage).toWellFormed()}…` : message;
}

function renderPlace({ file, line, column }: SourceLocation): string {
  return `${visibleText(file)}:${line}:${column}`;
}

function indentFurtherLines(text: string): string {
  return text.replaceAll("\n", "\n    ");
}

/** Characters of a line that are shown; of a longer one, the part around the problem. */
const WINDOW = 120;
const BEFORE = 40;

/** The line of a location with its number, and carets under what is wrong. Empty when the line's text is not known. */
function renderFrame({ line, column, length = 1, lineText }: SourceLocation): string[] {
  if (lineText === undefined) return [];
  const shown = clip(visibleText(lineText), column - 1, length);
  const number = `    ${line} | `;
  const indent = `${" ".repeat(number.length - 2)}| `;
  return [number + shown.text, indent + blank(shown.text.slice(0, shown.start)) + carets(shown)].map((each) =>
    each.trimEnd(),
  );
}

interface Shown {
  text: string;
  /** UTF-16 offset and length, in `text`, of what is underlined. */
  start: number;
  length: number;
}

function clip(line: string, column: number, length: number): Shown {
  const start = Math.min(Math.max(column, 0), line.length);
  if (line.length <= WINDOW) return { text: line, start, length: Math.min(length, Math.max(line.length - start, 1)) };
  const from = start <= WINDOW - BEFORE ? 0 : start - BEFORE;
  const to = Math.min(from + WINDOW, line.length);
  const head = from > 0 ? "…" : "";
  const text = head + line.slice(from, to) + (to < line.length ? "…" : "");
  return { text, start: start - from + head.length, length: Math.max(Math.min(length, to - start), 1) };
}

/** White space as wide as the text; tabs stay tabs, because their width depends on where they stand. */
function blank(text: string): string {
  return [...text].map((character) => (character === "\t" ? "\t" : " ".repeat(displayWidth(character)))).join("");
}

function carets({ text, start, length }: Shown): string {
  const underlined = [...text.slice(start, start + length)];
  const width = underlined.reduce((sum, character) => sum + displayWidth(character), 0);
  return "^".repeat(Math.max(width, 1));
}
