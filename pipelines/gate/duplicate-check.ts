import type { Evaluation } from "../evaluation/evaluation.ts";
import { countOf, formatCount } from "../statistics/format-number.ts";
import type { GateCheck } from "./verdict.ts";

/** Whether the judged rows are other rows than the model learned from. None for records of before it was asked. */
export function checkDuplicates({ duplicates, test_rows, rows }: Evaluation): GateCheck[] {
  if (!duplicates?.kept) return [];
  const { copies, kept } = duplicates;
  const found = `${formatCount(copies)} of ${formatCount(test_rows ?? rows)}`;
  const reason = `${found} test rows are copies of train rows, in all features and the target, and who has learned a row by heart knows its copy; ${kept}. Return each row once, keep what belongs together on one side with features.split.group, or, if new rows will be copies of old ones too, waive duplicates.`;
  return [{ id: "duplicates", outcome: "inconclusive", limit: "other rows than the train split's", found, reason }];
}

/** How many test rows equal a train row, and what became of them. */
export function duplicateNotes({ duplicates, test_rows, rows }: Evaluation): string[] {
  if (!duplicates || duplicates.kept || duplicates.rows === 0) return [];
  const all = formatCount(test_rows ?? rows);
  const { rows: equal, copies, left_out } = duplicates;
  if (left_out > 0)
    return [
      `${formatCount(copies)} of ${all} test rows are copies of train rows, in all features and the target: nobody is judged on them.`,
    ];
  const same = copies === 0 ? "" : `, and ${formatCount(copies)} of them its target too`;
  return [
    `${countOf(equal, "test row")} of ${all} ${equal === 1 ? "has" : "have"} the features of a train row${same}.`,
  ];
}
