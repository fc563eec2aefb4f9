import { anchorOf, escapeMarkdown, escapeSentence } from "../errors/inert-markdown.ts";
import { renderProblems } from "../errors/render-problems.ts";
import type { Problem } from "../errors/user-error.ts";
import type {
  ChecksFailed,
  HeldModel,
  IdenticalModel,
  ReportEntry,
  TrainingError,
  UnreachedModel,
} from "../handover/training-outcome.ts";
import { formatCount } from "../statistics/format-number.ts";
import { blockingFailures, failedChecksTable } from "./data-checks.ts";
import type { ScoredVersion } from "./html/history-figure.ts";
import { judgedSection } from "./judged-section.ts";
import { detailsBlock, fence } from "./markdown/fence.ts";
import { entryState, markOf, modelOf } from "./report-entry.ts";

/** A model's part of the report. `folds` can be left out from the end, and the whole section too, without breaking the rest. */
export interface ModelSection {
  model: string;
  head: string;
  folds: readonly string[];
  foot: string;
}

/** The section of one entry: the verdict, what a reviewer needs to decide, and the rest folded. */
export function modelSection(entry: ReportEntry, history: readonly ScoredVersion[] = []): ModelSection {
  const model = modelOf(entry);
  const name = `<a name="${anchorOf(model)}"></a>${escapeMarkdown(model, 60)}`;
  const heading = `### ${markOf(entryState(entry))} ${name}`;
  const body = sectionBody(entry, history);
  const folds = body.folds.map((fold) => detailsBlock(fold.title, fold.body));
  return { model, head: `${heading}\n\n${body.head}`, folds, foot: body.foot };
}

function sectionBody(entry: ReportEntry, history: readonly ScoredVersion[]): ReturnType<typeof judgedSection> {
  switch (entry.state) {
    case "judged":
      return judgedSection(entry, history);
    case "checks-failed":
      return { head: checksFailedText(entry), folds: [], foot: "" };
    case "error":
      return { head: errorText(entry), folds: [], foot: "" };
    case "unreached":
      return { head: unreachedText(entry), folds: [], foot: "" };
    case "identical":
      return { head: identicalText(entry), folds: [], foot: "" };
    case "held":
      return { head: heldText(entry), folds: [], foot: "" };
  }
}

const LISTED_PROBLEMS = 20;
const PROBLEM_LINES = 120;

/** The data broke its checks: which, what was found, what to do. */
function checksFailedText({ checks, rows }: ChecksFailed): string {
  const failed = blockingFailures(checks);
  const what =
    failed.length === 1
      ? `the data check ${escapeMarkdown(failed[0]!.check)} failed`
      : `${failed.length} data checks failed`;
  const verdict = `**Blocked: ${what} on ${formatCount(rows)} row${rows === 1 ? "" : "s"}, so nothing was trained.**`;
  const inView = failed.some(({ where }) => where !== undefined);
  const mend =
    `Mend the data or the query. If the data is right, change the check under ${inView ? "`constraints` of the feature view" : "`features.checks`"}, ` +
    "or give it `severity: warn`, and a reviewer sees that in the diff.";
  return [verdict, failedChecksTable(checks), mend].filter(Boolean).join("\n\n");
}

/** Something stopped the run: what, where, how to mend it. */
function errorText({ problems, during }: TrainingError): string {
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

/** A job without the secret of a source: what is missing, and who can go on. */
function unreachedText({ problems }: UnreachedModel): string {
  return [
    "**Not run: this model's data need a maintainer to run it.**",
    fence(renderProblems(problems.slice(0, LISTED_PROBLEMS)), "text", PROBLEM_LINES),
    "A maintainer pushes the branch to this repository, where jobs have the secrets. Nothing is deployed without having been judged: a merge trains it again, with them.",
  ].join("\n\n");
}

/** The same bytes as production. */
function identicalText({ version }: IdenticalModel): string {
  return `**Nothing to deploy: training gave production v${version} again, byte for byte.**`;
}

/** A definition that was in production before stays out until it changes or somebody promotes it on purpose. */
function heldText({ model, version, production, rolledBack }: HeldModel): string {
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
