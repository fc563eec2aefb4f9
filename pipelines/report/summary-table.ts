import type { Problem } from "../errors/expected-error.ts";
import { anchorOf, escapeMarkdown, escapeSentence } from "../errors/inert-markdown.ts";
import { renderProblems } from "../errors/render-problems.ts";
import type { MetricComparison } from "../evaluation/evaluation.ts";
import type {
  ChecksFailed,
  HeldModel,
  IdenticalModel,
  JudgedEntry,
  ReportEntry,
  TrainingError,
  UnreachedModel,
} from "../handover/training-outcome.ts";
import { formatCount, matchNumbers } from "../statistics/format-number.ts";
import { type Column, columnTable } from "./column-table.ts";
import { intervalHeader, intervalText } from "./comparison-rows.ts";
import { blockingFailures, failedChecksTable } from "./data-checks.ts";
import { brokenChecks } from "./gate-checks.ts";
import type { ScoredVersion } from "./html/report-page.ts";
import { judgedSection } from "./judged-section.ts";
import { detailsBlock, fence } from "./markdown/fence.ts";
import { entryState, markOf, modelOf } from "./report-entry.ts";

interface SummaryRow {
  entry: ReportEntry;
  linked: boolean;
}

/** One row per model, in the order given. Only the first `linked` have a section to link to. */
export function summaryTable(entries: readonly ReportEntry[], linked: number): string {
  const metrics = new Set(entries.flatMap((entry) => primaryOf(entry)?.metric ?? []));
  const [only] = metrics.size === 1 ? metrics : [];
  const columns: Column<SummaryRow>[] = [
    { header: "", cell: ({ entry }) => markOf(entryState(entry)), keep: true },
    { header: "model", cell: modelCell },
    { header: scoreHeader(entries, only), cell: ({ entry }) => scoreCell(entry, only === undefined) },
    { header: `Δ (${confidenceOf(entries)})`, cell: ({ entry }) => differenceCell(entry) },
    { header: "rows", align: "right", cell: ({ entry }) => rowsCell(entry) },
    { header: "", cell: ({ entry }) => shortReason(entry), keep: true },
  ];
  return columnTable(
    columns,
    entries.map((entry, at) => ({ entry, linked: at < linked })),
  );
}

function primaryOf(entry: ReportEntry): MetricComparison | undefined {
  if (entry.state !== "judged") return undefined;
  return entry.evaluation.metrics.find((each) => each.metric === entry.evaluation.primary);
}

function modelCell({ entry, linked }: SummaryRow): string {
  const name = escapeMarkdown(modelOf(entry), 60);
  return linked ? `[${name}](#user-content-${anchorOf(modelOf(entry))})` : name;
}

function scoreHeader(entries: readonly ReportEntry[], metric: string | undefined): string {
  const compared = entries.some((entry) => primaryOf(entry)?.production != null);
  const name = metric === undefined ? "score" : escapeMarkdown(metric, 40);
  return compared ? `${name}: production → candidate` : name;
}

function scoreCell(entry: ReportEntry, named: boolean): string {
  const primary = primaryOf(entry);
  if (!primary) return "";
  const numbers = matchNumbers([primary.production, primary.candidate], [primary.difference?.value]);
  const candidate = numbers.value(primary.candidate);
  const scores = [numbers.value(primary.production), candidate ? `**${candidate}**` : "not scored"];
  const text = scores.filter(Boolean).join(" → ");
  return named ? `${escapeMarkdown(primary.metric, 40)} ${text}` : text;
}

function differenceCell(entry: ReportEntry): string {
  const primary = primaryOf(entry);
  if (!primary?.difference) return "";
  const numbers = matchNumbers([primary.production, primary.candidate], [primary.difference.value]);
  return `${numbers.signed(primary.difference.value)} (${intervalText(primary.difference, numbers.signed)})`;
}

function confidenceOf(entries: readonly ReportEntry[]): string {
  const judged = entries.filter((entry): entry is JudgedEntry => entry.state === "judged");
  const headers = new Set(
    judged.filter((entry) => primaryOf(entry)?.difference).map(({ evaluation }) => intervalHeader(evaluation)),
  );
  return headers.size === 1 ? [...headers][0]! : "interval";
}

function rowsCell(entry: ReportEntry): string {
  if (entry.state === "judged") return formatCount(entry.evaluation.rows);
  return entry.state === "checks-failed" ? formatCount(entry.rows) : "";
}

/** Why a model stands where it stands, in a few words of Markdown, for the summary table. */
function shortReason(entry: ReportEntry): string {
  switch (entry.state) {
    case "judged":
      return judgedReason(entry);
    case "checks-failed":
      return `${blockingFailures(entry.checks).length} of ${entry.checks.length} data checks failed`;
    case "error":
      return `stopped at ${escapeMarkdown(entry.during, 40)}`;
    case "unreached":
      return "its data need a maintainer to run it";
    case "identical":
      return `same model as production v${entry.version}`;
    case "held":
      return entry.rolledBack ? `v${entry.version} was rolled back` : `v${entry.version} already, not in production`;
  }
}

function judgedReason(entry: JudgedEntry): string {
  const { outcome } = entry.verdict;
  if (outcome === "pass") return passReason(entry);
  const broken = brokenChecks(entry.verdict);
  if (outcome === "inconclusive") return "too close to call";
  const first = broken[0] ? failReason(broken[0].id, entry) : "blocked";
  return broken.length > 1 ? `${first}, and ${broken.length - 1} more` : first;
}

function failReason(id: string, { verdict, evaluation }: JudgedEntry): string {
  const [kind, ...rest] = id.split(":");
  const subject = escapeMarkdown(rest.join(":"), 40);
  if (kind === "primary" && verdict.rule === "retrain") return `${noBetter(evaluation)} than production`;
  if (kind === "primary") return "misses its threshold";
  if (kind === "naive") return "no better than naive";
  if (kind === "metric") return `${subject} misses its limit`;
  if (kind === "slice") return subject.includes("=") ? `worse on ${subject}` : `no slice of ${subject} to judge`;
  if (kind === "signature") return "would break its callers";
  if (kind === "data") return "a data check failed";
  if (kind === "evaluation")
    return ["failed", "incomparable"].includes(evaluation.baseline.state)
      ? "production could not be scored"
      : "could not be scored";
  return `${escapeMarkdown(id, 40)} failed`;
}

function noBetter(evaluation: JudgedEntry["evaluation"]): string {
  const primary = evaluation.metrics.find((each) => each.metric === evaluation.primary);
  if (!primary?.difference) return "not better";
  const gain = primary.direction === "min" ? -primary.difference.value : primary.difference.value;
  return gain < 0 ? "worse" : "not better";
}

function passReason({ verdict, evaluation, candidate }: JudgedEntry): string {
  const waived = verdict.checks.some((check) => check.waived) ? ", with a waiver" : "";
  if (evaluation.baseline.state === "incomparable")
    return `meets its threshold, production cannot be compared${waived}`;
  if (verdict.rule === "first_deploy" || evaluation.baseline.state === "none")
    return `first version, meets its threshold${waived}`;
  const better = candidate.config.thresholds.retrain.mode === "non-inferior" ? "not worse" : "better";
  const noise = withinNoise(evaluation) && better === "better" ? ", within noise" : "";
  return `${better} than production v${evaluation.baseline.version}${noise}${waived}`;
}

function withinNoise(evaluation: JudgedEntry["evaluation"]): boolean {
  const difference = evaluation.metrics.find((each) => each.metric === evaluation.primary)?.difference;
  return !!difference && difference.low <= 0 && difference.high >= 0;
}

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
