import { renderFrame } from "./code-frame.ts";
import type { Problem, SourceLocation } from "./user-error.ts";
import { visibleText } from "./visible-text.ts";

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
