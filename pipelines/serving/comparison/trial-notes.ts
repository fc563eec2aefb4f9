import type { ChallengerPointer } from "../../registry/version-record.ts";
import { formatCount, formatPercent } from "../../statistics/format-number.ts";
import type { ArmFacts } from "./arm-facts.ts";

/** Beyond this many standard errors the split is not what it should be: once in ten thousand trials by chance. */
const mostErrors = 3.89;

/** What is odd about a trial, in sentences: no rows, or a split that is not the one that was asked for. */
export function trialNotes(
  { mode, share }: Pick<ChallengerPointer, "mode" | "share">,
  { production, challenger }: { production: ArmFacts; challenger: ArmFacts },
): string[] {
  const notes: string[] = [];
  for (const arm of [production, challenger])
    if (arm.rows === 0)
      notes.push(
        `Nothing was logged of v${arm.version} since the trial began; a server writes its log within a minute.`,
      );
  const keys = production.keys + challenger.keys;
  if (mode !== "split" || share === null || keys === 0 || notes.length > 0) return notes;
  const [found, expected] = [challenger.keys / keys, Math.sqrt((share * (1 - share)) / keys)];
  if (Math.abs(found - share) > mostErrors * expected)
    notes.push(
      `The challenger got ${formatPercent(found)} of ${formatCount(keys)} keys, not ${formatPercent(share)}: requests get lost on one side, or the share was changed, and the comparison is biased.`,
    );
  return notes;
}
