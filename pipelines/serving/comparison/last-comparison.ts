import type { VersionRecord } from "../../registry/version-record.ts";
import type { StepCache } from "../../workspace/step-cache.ts";
import type { LabelledDifference } from "../serving-facts.ts";
import { type ChallengerComparison, shownDifference } from "./arm-facts.ts";

type Records = Record<"production" | "challenger", Pick<VersionRecord, "digest">>;

function keyOf({ production, challenger }: Records): { production: string; challenger: string } {
  return { production: production.digest, challenger: challenger.digest };
}

/** Keeps it for the status page, which must not compute it. Another version on either side begins without one. */
export function rememberComparison(cache: StepCache, of: Records, comparison: ChallengerComparison): Promise<void> {
  return cache.write("last-comparison", keyOf(of), { difference: shownDifference(comparison) });
}

/** What the last `mergeml compare` on this machine found of the two; null when it found no difference, or never looked. */
export async function lastComparison(cache: StepCache, of: Records): Promise<LabelledDifference | null> {
  return (
    (await cache.read<{ difference: LabelledDifference | null }>("last-comparison", keyOf(of)))?.difference ?? null
  );
}
