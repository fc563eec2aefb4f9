import { canonicalJson, sha256 } from "../config/canonical-json.ts";
import type { Thresholds } from "../config/model-config.ts";
import type { CheckResult } from "../data/dataset-store.ts";
import type { Evaluation } from "../evaluation/evaluation.ts";
import { checkData, dataNotes } from "./data-checks.ts";
import { checkDuplicates, duplicateNotes } from "./duplicate-check.ts";
import { checkEvaluation, type KnownBinding } from "./evaluation-check.ts";
import { checkHeldOut, heldOutNotes } from "./held-out-check.ts";
import { checkLeaks, leakNotes } from "./leak-checks.ts";
import { checkLimits } from "./limit-checks.ts";
import { checkAgainstNaive, checkNaive, naiveNotes } from "./naive-check.ts";
import { checkAgainstProduction } from "./primary-check.ts";
import { ownQueryNotes, ruleOf } from "./rule.ts";
import { checkSignature, signatureNotes } from "./signature-check.ts";
import { checkSlices } from "./slice-checks.ts";
import { summarize } from "./summary.ts";
import type { GateCheck, Outcome, Verdict } from "./verdict.ts";
import { applyWaivers } from "./waivers.ts";

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
