import { canonicalJson, sha256 } from "../config/canonical-json.ts";
import type { Thresholds, Waiver } from "../config/model-config.ts";
import type { CheckResult } from "../data/dataset-store.ts";
import { type Problem, UserError } from "../errors/expected-error.ts";
import type { Evaluation } from "../evaluation/evaluation.ts";
import {
  checkData,
  checkDuplicates,
  checkLeaks,
  checkSignature,
  dataNotes,
  duplicateNotes,
  leakNotes,
  signatureNotes,
} from "./data-checks.ts";
import { checkEvaluation, checkLimits, type KnownBinding } from "./evaluation-check.ts";
import { checkHeldOut, heldOutNotes } from "./held-out-check.ts";
import { checkAgainstNaive, checkNaive, naiveNotes } from "./naive-check.ts";
import { checkAgainstProduction } from "./primary-check.ts";
import { checkSlices } from "./slice-checks.ts";
import { summarize } from "./summary.ts";
import { type GateCheck, type Outcome, ownQueryNotes, ruleOf, type Verdict } from "./verdict.ts";

/** What a verdict depends on beside the evaluation and the thresholds. */
export interface JudgeContext {
  /** UTC day, `2026-11-19`: waivers hold up to and including their last day. */
  today: string;
  /** What is being judged; must agree with the evaluation. */
  binds: KnownBinding;
  /** Results of the data checks. */
  checks: readonly CheckResult[];
}

/**
 * May this candidate ship? Pure, and fails closed: a number that is missing, a baseline that did not load or a rule that
 * judged nothing is a failed check with its reason.
 */
export function judge(evaluation: Evaluation, thresholds: Thresholds, context: JudgeContext): Verdict {
  const recorded = asRecorded(evaluation);
  const rule = ruleOf(recorded, thresholds);
  const heldOut = checkHeldOut(recorded, thresholds);
  const undecided = isUndecided(heldOut, thresholds, context.today);
  const ruling = rule === "retrain" ? judgeRetrain(recorded, thresholds) : judgeFirstDeploy(recorded, thresholds);
  const main = undecided ? withoutScores(ruling) : ruling;
  const measured = checkEvaluation(recorded, thresholds, context.binds, undecided);
  const rows = [...heldOut, ...checkDuplicates(recorded), ...checkLeaks(recorded)];
  const before = [measured, ...rows, ...checkData(context.checks)];
  const { checks, notes } = applyWaivers([...before, ...main.checks], thresholds.waive, context.today);
  const outcome = worstOutcome(checks);
  return {
    outcome,
    rule,
    summary: summarize(outcome, rule, checks, recorded),
    checks,
    notes: [
      ...heldOutNotes(recorded, undecided),
      ...main.notes,
      ...duplicateNotes(recorded),
      ...leakNotes(recorded),
      ...naiveNotes(recorded, thresholds),
      ...dataNotes(context.checks),
      ...notes,
    ],
    judged_on: context.today,
    binds: { ...context.binds, evaluation: digest(evaluation), thresholds: digest(thresholds) },
  };
}

interface Ruling {
  checks: GateCheck[];
  notes: string[];
}

/** Too few rows, or rows that production knows, tell nothing of who is better, neither for nor against. */
function withoutScores({ checks }: Ruling): Ruling {
  return { checks: checks.filter(({ id }) => id === "signature"), notes: [] };
}

/** Whether `held-out` does not hold and is not waived. */
function isUndecided(heldOut: readonly GateCheck[], { waive }: Thresholds, today: string): boolean {
  return applyWaivers(heldOut, waive, today).checks.some(({ outcome }) => outcome !== "pass");
}

function judgeFirstDeploy(evaluation: Evaluation, thresholds: Thresholds): Ruling {
  const { baseline } = evaluation;
  const limits = checkLimits(evaluation, thresholds);
  const main =
    limits.length > 0
      ? [...limits, ...checkNaive(evaluation, thresholds)]
      : [checkAgainstNaive(evaluation, thresholds.primary)];
  const slices = thresholds.slices.length > 0;
  if (baseline.state !== "incomparable")
    return { checks: main, notes: slices ? ["Slices are judged against production, and there is none yet."] : [] };
  const signature = checkSignature(evaluation, baseline, thresholds.allow_breaking);
  const notes = slices ? [`Slices are judged against production, and v${baseline.version} cannot be compared.`] : [];
  return { checks: [signature, ...main], notes: [...notes, ...signatureNotes(evaluation, baseline)] };
}

function judgeRetrain(evaluation: Evaluation, thresholds: Thresholds): Ruling {
  const { baseline } = evaluation;
  const primary = checkAgainstProduction(evaluation, thresholds);
  const limits = [...checkLimits(evaluation, thresholds), ...checkNaive(evaluation, thresholds)];
  if (baseline.state !== "scored") return { checks: [primary.check, ...limits], notes: primary.notes };
  const signature = checkSignature(evaluation, baseline, thresholds.allow_breaking);
  const slices = checkSlices(evaluation, thresholds.slices);
  return {
    checks: [signature, primary.check, ...limits, ...slices],
    notes: [...ownQueryNotes(evaluation), ...primary.notes, ...signatureNotes(evaluation, baseline)],
  };
}

function worstOutcome(checks: readonly GateCheck[]): Outcome {
  const outcomes = checks.map(({ outcome }) => outcome);
  if (outcomes.includes("fail")) return "fail";
  return outcomes.includes("inconclusive") ? "inconclusive" : "pass";
}

/** As a file holds it: NaN and infinities become null, so that a verdict judged before writing equals one judged after reading. */
function asRecorded<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

function digest(value: unknown): string {
  return sha256(canonicalJson(asRecorded(value)));
}

const mend =
  "The verdict does not belong to this evaluation, thresholds and data checks, or was edited. Run the gate again.";
const shownDifferences = 10;

/** Judges again, as of the verdict's own day, and throws a UserError that names each part of the verdict that comes out otherwise. */
export function recheckVerdict(
  verdict: Verdict,
  evaluation: Evaluation,
  thresholds: Thresholds,
  checks: readonly CheckResult[],
): void {
  const again = judgeAgain(verdict, evaluation, thresholds, checks);
  const differences = differencesBetween("verdict", verdict, again);
  if (differences.length === 0) return;
  throw new UserError(differences.slice(0, shownDifferences));
}

/** A record that was edited into something without the right shape is the user's to mend, not a bug here. */
function judgeAgain(
  verdict: Verdict,
  evaluation: Evaluation,
  thresholds: Thresholds,
  checks: readonly CheckResult[],
): Verdict {
  try {
    return judge(evaluation, thresholds, { today: verdict.judged_on, binds: knownBinds(verdict), checks });
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new UserError({ message: `The verdict cannot be judged again: ${cause.message}`, hint: mend }, { cause });
  }
}

function knownBinds({ binds }: Verdict): Omit<Verdict["binds"], "evaluation" | "thresholds"> {
  const { evaluation, thresholds, ...known } = binds;
  return known;
}

function differencesBetween(path: string, recorded: unknown, again: unknown): Problem[] {
  if (canonicalText(recorded) === canonicalText(again)) return [];
  if (!isContainer(recorded) || !isContainer(again) || Array.isArray(recorded) !== Array.isArray(again)) {
    return [differenceAt(path, recorded, again)];
  }
  const keys = new Set([...Object.keys(recorded), ...Object.keys(again)]);
  return [...keys].flatMap((key) => {
    const inner = Array.isArray(recorded) ? `${path}[${key}]` : `${path}.${key}`;
    return differencesBetween(inner, member(recorded, key), member(again, key));
  });
}

function differenceAt(path: string, recorded: unknown, again: unknown): Problem {
  return {
    message: `${path} is recorded as ${shown(recorded)}, and judging again gives ${shown(again)}`,
    key: path,
    hint: mend,
  };
}

function isContainer(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function member(container: object, key: string): unknown {
  return (container as Record<string, unknown>)[key];
}

/** Never throws: a verdict read from a file may hold anything JSON can, and so nothing canonical JSON refuses. */
function canonicalText(value: unknown): string | undefined {
  return value === undefined ? undefined : canonicalJson(value);
}

function shown(value: unknown): string {
  const text = canonicalText(value) ?? "absent";
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

/** Checks with the reviewed exceptions applied, and a note on each exception that was not used. */
interface Waived {
  checks: GateCheck[];
  notes: string[];
}

const never = "evaluation";

/** A failing check passes when a waiver names its id and `until` (inclusive, UTC) is not before `today`. `evaluation` is never waived. */
function applyWaivers(checks: readonly GateCheck[], waivers: readonly Waiver[], today: string): Waived {
  const valid = waivers.filter(({ until }) => isDay(until) && until >= today);
  const waived = checks.map((check) => {
    const waiver = valid.find((each) => each.check === check.id);
    if (!waiver || check.outcome === "pass" || check.id === never) return check;
    return { ...check, outcome: "pass" as const, waived: { until: waiver.until, reason: waiver.reason } };
  });
  return { checks: waived, notes: waivers.flatMap((waiver) => noteOn(waiver, waived, today)) };
}

function noteOn({ check, until, reason }: Waiver, checks: readonly GateCheck[], today: string): string[] {
  const named = checks.filter(({ id }) => id === check);
  if (named.length === 0) return [`The waiver of ${check} matches no check of this verdict and did nothing.`];
  if (check === never)
    return [`The waiver of ${check} is not applied: missing numbers and a baseline that fails cannot be waived.`];
  if (!isDay(until)) return [`The waiver of ${check} is not applied: "${until}" is not a day such as 2026-12-31.`];
  if (until < today) {
    const used = named.some(({ outcome }) => outcome !== "pass") ? "is not applied" : "can be removed";
    return [`The waiver of ${check} expired on ${until} and ${used} (${reason}).`];
  }
  if (named.some(({ waived }) => waived)) return [`${check} is waived until ${until}: ${reason}`];
  return [`The waiver of ${check} is not needed: the check passes by itself.`];
}

function isDay(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text);
}
