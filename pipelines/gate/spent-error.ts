import { atConfidence, type Difference, type Evaluation } from "../evaluation/evaluation.ts";
import { formatCount } from "../statistics/format-number.ts";
import { formatConfidence } from "./differences.ts";

/** From this many candidates on, the report says that the test rows were used before. */
const worthTelling = 5;

/**
 * The interval that a candidate is judged by when `before` others were judged on the same test rows. Who tries often enough
 * passes in the end by luck, so the error that the confidence allows is spent once on the first candidate, and once more
 * on all that follow: a part 1 ÷ (k(k + 1)) on the one after k others, parts that sum up to one (as Lan & DeMets, Discrete
 * sequential boundaries for clinical trials, Biometrika 1983). A two-sided 95% interval errs to the good side in 2.5%, so
 * that all candidates together do in at most 5%.
 */
export function intervalAfterSpending(difference: Difference, before = 0): Difference {
  if (before === 0) return difference;
  return atConfidence(difference, 1 - (1 - difference.confidence) / (before * (before + 1)));
}

/** That these test rows have judged many candidates, from the fifth on. */
export function reuseNotes({ judged_before = 0, metrics: [primary] }: Evaluation, spends: boolean): string[] {
  if (judged_before + 1 < worthTelling) return [];
  const told = `${formatCount(judged_before)} other candidates were judged on these test rows before this one`;
  if (!spends || !primary?.difference) {
    return [`${told}: the best of many looks better than it is. New test rows, or mode superior, would tell.`];
  }
  const { confidence } = intervalAfterSpending(primary.difference, judged_before);
  return [
    `${told}, so its interval is one of ${formatConfidence(confidence)}: the best of many looks better than it is.`,
  ];
}
