import type { RollbackConfig } from "../../config/model-config.ts";
import type { Standing } from "../../registry/standing.ts";
import { formatApart, formatCount, formatNumber, formatPercent } from "../../statistics/format-number.ts";

/** What is to be done about a version on live data, with a sentence why. */
type RollbackDecision =
  | {
      action: "roll back";
      from: number;
      to: number;
      /** The commit to revert. */
      promotion: string;
      why: string;
      broken: readonly MeasuredFinding[];
    }
  /** It breaks its limits and stays: a person must decide. */
  | { action: "held"; version: number; why: string; broken: readonly MeasuredFinding[] }
  /** `sound`: every condition was measured and is kept. */
  | { action: "nothing"; sound: boolean; why: string };

/** What live data says of a promotion, and what is to be done about it. Plain JSON. */
export interface RollbackJudgement {
  evidence: Evidence;
  decision: RollbackDecision;
}

/**
 * Whether what live data says of a version takes its promotion back. It never promotes, and never goes back twice: only a
 * version that a deploy or a person newly promoted is taken back, and only to one that was not taken back so before. What
 * came by a rollback, what a person put back on purpose, and the first that there ever was are left to people.
 */
export function decideRollback(evidence: Evidence, standing: Standing | null): RollbackDecision {
  const { model, version, promotion, findings } = evidence;
  if (standing === null)
    return { action: "nothing", sound: false, why: `nothing of ${model} is in production any more` };
  if (standing.version !== version || standing.promotion !== promotion) {
    const why = `production of ${model} has changed since v${version} was judged: v${standing.version} is there, by ${standing.by}`;
    return { action: "nothing", sound: false, why };
  }
  const broken = findings.filter(isBroken);
  if (broken.length === 0) return { action: "nothing", ...unbroken(evidence) };
  const obstacle = obstacleTo(standing);
  const words = `v${version} breaks ${brokenWords(broken)}`;
  if (typeof obstacle === "string") return { action: "held", version, broken, why: `${words}, but ${obstacle}` };
  const why = `${words}; v${obstacle.to} was there before`;
  return { action: "roll back", from: version, to: obstacle.to, promotion, broken, why };
}

/** Why a person must decide, or where to go back to. */
function obstacleTo({ arrival, by, previous }: Standing): string | { to: number } {
  if (arrival === "rolled back to")
    return "it came back by a rollback: nothing is rolled back again until somebody promotes a version";
  if (arrival === "put back") return `${by} put it back on purpose after it had been in production before`;
  if (previous === null) return "nothing was in production before it: without it nothing would be";
  if (previous.failed)
    return `v${previous.version}, which was there before it, was itself rolled back automatically once`;
  return { to: previous.version };
}

function unbroken({ version, findings }: Evidence): { sound: boolean; why: string } {
  const open = findings.filter(({ state }) => state !== "measured");
  if (open.length === 0) return { sound: true, why: `v${version} keeps its limits` };
  return { sound: false, why: `nothing speaks against v${version}; ${open.map(findingSentence).join("; ")}` };
}

/** `error_rate and outside_reference` */
function brokenWords(broken: readonly MeasuredFinding[]): string {
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

/** Conditions of `rollback.when`. */
export const conditions = ["error_rate", "outside_reference", "worse_than_previous"] as const;

export type Condition = (typeof conditions)[number];

/** A share of rows against its limit, both 0..1. */
export interface ShareFinding {
  condition: "error_rate" | "outside_reference";
  state: "measured";
  rows: number;
  share: number;
  limit: number;
}

/** The primary metric of two versions on the same rows. */
export interface ComparisonFinding {
  condition: "worse_than_previous";
  state: "measured";
  /** Labelled rows that both could score. */
  rows: number;
  metric: string;
  direction: "min" | "max";
  /** The version compared with. */
  previous: number;
  values: { current: number; previous: number };
  /** current − previous with its paired bootstrap interval, of what the gate compares of the metric. */
  difference: { value: number; low: number; high: number; confidence: number };
}

type MeasuredFinding = ShareFinding | ComparisonFinding;

/** What live data says of one condition. Plain JSON. */
export type LiveFinding =
  | MeasuredFinding
  | { condition: Condition; state: "too few rows"; rows: number }
  | { condition: Condition; state: "unknown"; reason: string };

/** What live data says of a promotion: a finding for each condition that the config asks for. Plain JSON. */
export interface Evidence {
  model: string;
  /** In production when it was judged. */
  version: number;
  /** The registry commit that put it there. */
  promotion: string;
  /** From the promotion or the start of the newest window, whichever is later; empty when the window ended before. */
  window: { from: string; to: string };
  /** `rollback.min_rows`. */
  least: number;
  findings: readonly LiveFinding[];
}

/** Whether a finding speaks against the version: beyond the limit, or the whole interval on the bad side of zero. */
export function isBroken(finding: LiveFinding): finding is MeasuredFinding {
  if (finding.state !== "measured") return false;
  if (finding.condition !== "worse_than_previous") return finding.share > finding.limit;
  const { low, high } = finding.difference;
  return finding.direction === "min" ? low > 0 : high < 0;
}

/**
 * Evidence that another job collected, held against the config as it is now: conditions that are not asked for say nothing,
 * limits and the least number of rows are those of the config. null when the config asks for nothing.
 */
export function recheckEvidence(evidence: Evidence, config: RollbackConfig | null): Evidence | null {
  if (config === null) return null;
  const findings = evidence.findings.flatMap((each) => recheck(each, config));
  return { ...evidence, least: config.min_rows, findings };
}

function recheck(finding: LiveFinding, { when, min_rows }: RollbackConfig): LiveFinding[] {
  const { condition } = finding;
  const limit = condition === "worse_than_previous" ? null : when[condition];
  const isAsked = condition === "worse_than_previous" ? when.worse_than_previous : limit !== null;
  if (!isAsked) return [];
  if (finding.state !== "measured") return [finding];
  if (finding.rows < min_rows) return [{ condition, state: "too few rows", rows: finding.rows }];
  return [finding.condition === "worse_than_previous" ? finding : { ...finding, limit: limit ?? finding.limit }];
}
