import type { Thresholds } from "../config/model-config.ts";
import type { Evaluation } from "../evaluation/evaluation.ts";
import { countOf, formatCount } from "../statistics/format-number.ts";
import type { GateCheck } from "./verdict.ts";

/**
 * Whether there are enough test rows that production was not trained on. None for records of before it was asked, which are
 * judged as they were.
 */
export function checkHeldOut(evaluation: Evaluation, { min_test_rows }: Thresholds): GateCheck[] {
  const { rows, test_rows, seen_by_production, overlap_unknown, baseline, groups } = evaluation;
  if (test_rows === undefined || min_test_rows === undefined) return [];
  if (groups !== undefined && groups < min_test_rows && rows >= min_test_rows)
    return [fewGroups(groups, min_test_rows)];
  const limit = `at least ${countOf(min_test_rows, "row")}`;
  const found = rows === test_rows ? formatCount(rows) : `${formatCount(rows)} of ${formatCount(test_rows)}`;
  const check = (outcome: GateCheck["outcome"], reason: string) => [
    { id: "held-out", outcome, limit, found: outcome === "pass" || rows < min_test_rows ? found : "unknown", reason },
  ];
  if (seen_by_production === null && baseline.state === "scored") {
    const which = `which of the ${formatCount(test_rows)} test rows production v${baseline.version} was trained on`;
    return check("inconclusive", `It cannot be known ${which}: ${overlap_unknown ?? "nobody could tell"}.`);
  }
  if (rows >= min_test_rows) return check("pass", `${found} test rows are judged: held out from training.`);
  const asked = `thresholds.min_test_rows asks for ${formatCount(min_test_rows)}`;
  if (!seen_by_production) return check("inconclusive", `${countOf(rows, "test row")} can be judged, and ${asked}.`);
  return check("inconclusive", `Only ${found} test rows can be judged: ${seenClause(evaluation)}; ${asked}.`);
}

/** Rows of a group are alike, so that groups are what there is to judge on. */
function fewGroups(groups: number, least: number): GateCheck {
  const found = countOf(groups, "group");
  const reason = `The judged rows are of ${found} (features.split.group), and thresholds.min_test_rows asks for ${formatCount(least)}.`;
  return { id: "held-out", outcome: "inconclusive", limit: `at least ${countOf(least, "group")}`, found, reason };
}

function seenClause({ rows, test_rows = rows, seen_by_production, baseline }: Evaluation): string {
  const version = baseline.state === "none" ? "" : ` v${baseline.version}`;
  const others =
    test_rows - rows === seen_by_production ? "the others" : `${formatCount(seen_by_production ?? 0)} others`;
  return `production${version} was trained on ${others}`;
}

function groupNotes({ rows, groups }: Evaluation): string[] {
  if (groups === undefined) return [];
  return [
    `The ${formatCount(rows)} judged rows are of ${countOf(groups, "group")}, and count as so many (features.split.group).`,
  ];
}

/** On which rows the models are judged, and what mends it when they are too few. */
export function heldOutNotes(evaluation: Evaluation, undecided: boolean): string[] {
  const { rows, test_rows = rows, seen_by_production } = evaluation;
  const judged = `Judged on ${formatCount(rows)} of ${formatCount(test_rows)} test rows`;
  if (!undecided)
    return [...groupNotes(evaluation), ...(seen_by_production ? [`${judged}: ${seenClause(evaluation)}.`] : [])];
  if (seen_by_production === 0 || seen_by_production === undefined)
    return ["More rows, or a larger features.split.test, would tell. A lower thresholds.min_test_rows accepts fewer."];
  return [
    "Split as production was split (features.split, its seed, features.key and, without a key, the same columns), or bring new rows. To accept it as it is, waive held-out.",
  ];
}
