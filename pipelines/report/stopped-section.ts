import { escapeMarkdown, escapeSentence } from "../errors/inert-markdown.ts";
import { renderProblems } from "../errors/render-problems.ts";
import type { Problem } from "../errors/user-error.ts";
import type { ChecksFailed, HeldModel, IdenticalModel, TrainingError } from "../handover/training-outcome.ts";
import { formatCount } from "../statistics/format-number.ts";
import { blockingFailures, failedChecksTable } from "./data-checks.ts";
import { fence } from "./markdown/fence.ts";

const LISTED_PROBLEMS = 20;
const PROBLEM_LINES = 120;

/** The data broke its checks: which, what was found, what to do. */
export function checksFailedText({ checks, rows }: ChecksFailed): string {
  const failed = blockingFailures(checks);
  const what =
    failed.length === 1
      ? `the data check ${escapeMarkdown(failed[0]!.check)} failed`
      : `${failed.length} data checks failed`;
  const verdict = `**Blocked: ${what} on ${formatCount(rows)} row${rows === 1 ? "" : "s"}, so nothing was trained.**`;
  const mend =
    "Mend the data or the query. If the data is right, change the check under `features.checks`, " +
    "or give it `severity: warn`, and a reviewer sees that in the diff.";
  return [verdict, failedChecksTable(checks), mend].filter(Boolean).join("\n\n");
}

/** Something stopped the run: what, where, how to mend it. */
export function errorText({ problems, during }: TrainingError): string {
  const errors = problems.filter((problem) => problem.severity !== "warning");
  const step = escapeMarkdown(during, 60);
  const shown = problems.slice(0, LISTED_PROBLEMS);
  const rest = problems.length - shown.length;
  return [
    `**Stopped at ${step}: ${whatStopped(errors.length > 0 ? errors : problems)}**`,
    shown.length > 0 ? fence(renderProblems(shown), "text", PROBLEM_LINES) : "",
    rest > 0 ? `and ${formatCount(rest)} more problems.` : "",
  ]
    .filter(Boolean)
    .join("\n\n");
}

/** The same bytes as production. */
export function identicalText({ version }: IdenticalModel): string {
  return `**Nothing to deploy: training gave production v${version} again, byte for byte.**`;
}

/** A definition that was in production before stays out until it changes or somebody promotes it on purpose. */
export function heldText({ model, version, production, rolledBack }: HeldModel): string {
  const now = production === null ? "Nothing is in production" : `Production is v${production}`;
  const was = rolledBack ? `v${version}, which was rolled back` : `v${version} already`;
  return [
    `**Held: this definition is ${was}. ${now}, and a merge does not change that.**`,
    "Change the model to try something else, or bring it back on purpose:",
    fence(`mergeml promote ${model} --to ${version}`, "sh"),
  ].join("\n\n");
}

function whatStopped(problems: readonly Problem[]): string {
  if (problems.length === 0) return "no reason was given.";
  if (problems.length > 1) return `${formatCount(problems.length)} problems.`;
  const sentence = escapeSentence(problems[0]!.message.split("\n")[0]!);
  return /[.!?…]$/.test(sentence) ? sentence : `${sentence}.`;
}
