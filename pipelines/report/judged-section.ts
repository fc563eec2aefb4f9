import { escapeMarkdown, escapeSentence } from "../errors/inert-markdown.ts";
import type { GateCheck, Verdict } from "../gate/verdict.ts";
import type { JudgedEntry } from "../handover/training-outcome.ts";
import { formatNumber } from "../statistics/format-number.ts";
import { failedChecksTable } from "./data-checks.ts";
import { dependenceFold, importanceFold } from "./explanation-charts.ts";
import { brokenChecks } from "./gate-checks.ts";
import type { ScoredVersion } from "./html/report-page.ts";
import { shortId } from "./markdown/short-ids.ts";
import { metricTable, sliceTable } from "./metric-table.ts";
import { coefficientFold, curvesFold, type Fold, predictionFold } from "./model-charts.ts";
import { reproduceFold } from "./reproduce.ts";
import { trialsFold } from "./trials-table.ts";
import { historyFold } from "./version-history.ts";
import { whatChanged } from "./what-changed.ts";

const LISTED_REASONS = 5;

/** A judged candidate: the verdict, the table, what is wrong with it, and the rest folded, what people look for first at the top. */
export function judgedSection(
  entry: JudgedEntry,
  history: readonly ScoredVersion[] = [],
): { head: string; folds: readonly Fold[]; foot: string } {
  const { candidate, evaluation, verdict } = entry;
  const head = [
    verdictParagraph(entry),
    metricTable(evaluation, verdict),
    bullets([...brokenReasons(verdict), ...waivers(verdict), ...notes(entry), ...notScored(entry)]),
    failedChecksTable(candidate.checks),
  ];
  const folds = [
    whatChanged(entry),
    sliceTable(evaluation, verdict),
    historyFold(history, primaryOf(entry)),
    predictionFold(evaluation, candidate.config.features.target),
    importanceFold(candidate, evaluation),
    dependenceFold(evaluation, candidate.config.features.target),
    coefficientFold(candidate),
    curvesFold(candidate),
    trialsFold(candidate),
    reproduceFold(candidate),
  ];
  return { head: head.filter(Boolean).join("\n\n"), folds: folds.filter((fold) => fold !== null), foot: footer(entry) };
}

function primaryOf({ evaluation }: JudgedEntry): { metric: string; value: number | null } {
  const { primary: metric, metrics } = evaluation;
  return { metric, value: metrics.find((each) => each.metric === metric)?.candidate ?? null };
}

function verdictParagraph({ verdict, evaluation }: JudgedEntry): string {
  const said = [verdict.summary, ...verdict.notes].join(" ").toLowerCase();
  const first = evaluation.baseline.state === "none" && !said.includes("no production yet");
  const sentences = [
    `**${escapeSentence(verdict.summary)}**`,
    first ? "No production yet: judged against your business threshold." : "",
  ];
  return sentences.filter(Boolean).join(" ");
}

/** The gate's notes, without those that a table or a list of this section shows better. */
function notes({ verdict, candidate }: JudgedEntry): string[] {
  const shown = new Set([
    ...candidate.checks.map(({ check, found }) => `Data warning: ${check} does not hold (${found}).`),
    ...verdict.checks.map(({ id, waived }) => `${id} is waived until ${waived?.until}: ${waived?.reason}`),
  ]);
  return verdict.notes
    .filter((note) => !shown.has(note))
    .slice(0, LISTED_REASONS * 2)
    .map(escapeSentence);
}

/** The broken rules that the verdict's sentence does not tell. */
function brokenReasons(verdict: Verdict): string[] {
  const broken = brokenChecks(verdict).filter(({ reason }) => !verdict.summary.includes(reason.replace(/\.$/, "")));
  const rest = broken.length - LISTED_REASONS;
  return [
    ...broken.slice(0, LISTED_REASONS).map((check) => `${outcomeMark(check)} ${escapeSentence(check.reason)}`),
    ...(rest > 0 ? [`and ${rest} more checks that did not pass`] : []),
  ];
}

function outcomeMark({ outcome }: GateCheck): string {
  return outcome === "fail" ? "❌" : "⚠️";
}

function waivers(verdict: Verdict): string[] {
  return verdict.checks
    .filter((check) => check.waived)
    .map(({ reason, waived }) => {
      const until = escapeMarkdown(waived!.until, 20);
      return `Waived until ${until}: ${escapeSentence(reason)} The waiver's reason: ${escapeSentence(waived!.reason)}`;
    })
    .slice(0, LISTED_REASONS * 2);
}

function notScored({ evaluation }: JudgedEntry): string[] {
  return evaluation.metrics
    .filter((each) => each.problem)
    .map(({ metric, candidate, problem }) => {
      const what = candidate === null ? "could not be scored" : "could not be compared";
      return `${escapeMarkdown(metric)} ${what}: ${escapeSentence(problem!)}`;
    });
}

function footer({ candidate }: JudgedEntry): string {
  const from = candidate.commit ? ` from ${shortId(candidate.commit)}` : "";
  const dirty = candidate.dirty ? " with uncommitted changes" : "";
  const time = `trained in ${formatNumber(candidate.train_seconds, 2)} s`;
  const { reproducible } = candidate.environment;
  const same = `\`mergeml train ${candidate.config.name.replaceAll("`", "")}\` gives the same bytes`;
  const again = `reproducible: ${reproducible === undefined ? same : escapeMarkdown(reproducible)}`;
  return `<sub>Candidate ${shortId(candidate.id, 6)}${from}${dirty}, ${time}, ${again}</sub>`;
}

function bullets(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join("\n");
}
