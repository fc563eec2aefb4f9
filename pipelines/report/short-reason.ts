import { escapeMarkdown } from "../errors/inert-markdown.ts";
import { blockingFailures } from "./data-checks.ts";
import { brokenChecks } from "./gate-checks.ts";
import type { JudgedEntry, ReportEntry } from "./report-entry.ts";

/** Why a model stands where it stands, in a few words of Markdown, for the summary table. */
export function shortReason(entry: ReportEntry): string {
  switch (entry.state) {
    case "judged":
      return judgedReason(entry);
    case "checks-failed":
      return `${blockingFailures(entry.checks).length} of ${entry.checks.length} data checks failed`;
    case "error":
      return `stopped at ${escapeMarkdown(entry.during, 40)}`;
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
