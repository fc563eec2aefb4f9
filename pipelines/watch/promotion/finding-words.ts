import { formatApart, formatCount, formatNumber, formatPercent } from "../../statistics/format-number.ts";
import type { Evidence, LiveFinding, MeasuredFinding } from "./evidence.ts";

/** `error_rate and outside_reference` */
export function brokenWords(broken: readonly MeasuredFinding[]): string {
  const names = broken.map(({ condition }) => condition);
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

/** What was found, without its end mark: `12.4% of 1,203 requests failed (limit 5%)`. */
export function findingSentence(finding: LiveFinding): string {
  if (finding.state === "too few rows")
    return `${finding.condition} is not known: ${formatCount(finding.rows)} rows since the promotion are too few`;
  if (finding.state === "unknown") return `${finding.condition} is not known: ${finding.reason}`;
  if (finding.condition === "worse_than_previous") return comparisonSentence(finding);
  const limit = formatPercent(finding.limit, 15);
  const short = formatPercent(finding.share);
  const share = short === limit && finding.share !== finding.limit ? formatPercent(finding.share, 6) : short;
  const what = { error_rate: "requests failed", outside_reference: "predictions are outside of the reference range" };
  return `${share} of ${formatCount(finding.rows)} ${what[finding.condition]} (limit ${limit})`;
}

/** Why a promotion was taken back, in a line for the commit. */
export function rollbackReason({ window }: Evidence, broken: readonly MeasuredFinding[]): string {
  return `${broken.map(findingSentence).join("; ")}, from ${window.from} to ${window.to}`;
}

function comparisonSentence(finding: Extract<MeasuredFinding, { condition: "worse_than_previous" }>): string {
  const { metric, rows, previous, values, difference, direction } = finding;
  const { value, low, high, confidence } = difference;
  const [ours, theirs] = formatApart(values.current, values.previous);
  const worse = direction === "min" ? [value, low, high] : [-value, -high, -low];
  const [by, least, most] = worse.map((each) => formatNumber(each, 3));
  return `${metric} is ${ours} on ${formatCount(rows)} labelled rows, v${previous}'s is ${theirs} on the same: worse by ${by} (${formatPercent(confidence, 8)} interval ${least} … ${most})`;
}
