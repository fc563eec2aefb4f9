import { machineError, openSession, quoteText } from "../../../data/engines/tables.ts";
import { formatPercent } from "../../../statistics/format-number.ts";
import { shareOutside } from "../../drift/calendar.ts";
import { featureWeights } from "../../drift/feature-weights.ts";
import type { CurrentWindow } from "../../profile/distribution.ts";
import type { Profile } from "../../profile/profile.ts";
import { type EstimatedMetric, estimateMetric } from "./loss-model.ts";

/** An estimate, or why there can be none. */
export type Estimate = EstimatedMetric | { unknown: string };

/** Features that matter less than this cannot spoil an estimate, nor can fewer rows than this. */
const [leastWeight, mostOutside] = [0.1, 0.05];

/**
 * What the metric of a window is to be expected without labels, by what its rows are and what was predicted of them: as good
 * as the premise that what depends on these has stayed the same. null for a profile that cannot say.
 */
export async function estimateWindow(
  profile: Profile,
  window: CurrentWindow,
  { files, threads }: { files: readonly string[]; threads: number },
): Promise<Estimate | null> {
  const { estimate } = profile;
  if (!estimate || files.length === 0 || window.rows === 0) return null;
  const unknown = outsideOf(profile, window);
  if (unknown !== null) return { unknown };
  using session = await openSession({ readable: [], writable: files, threads });
  try {
    const from = `read_parquet([${files.map(quoteText).join(", ")}], union_by_name => true, hive_partitioning => false)`;
    await session.run(`CREATE TEMP VIEW mergeml_estimated AS SELECT * FROM ${from}`);
    return await estimateMetric(session, "mergeml_estimated", estimate);
  } catch (error) {
    throw machineError(error, `to estimate the metric of ${files[0]}`) ?? error;
  }
}

/** Outside of what the model was trained on nothing is known of how wrong it is. */
function outsideOf({ features }: Profile, window: CurrentWindow): string | null {
  const weights = featureWeights(features);
  for (const [at, { distribution }] of features.entries()) {
    const found = window.features[at]!;
    if (found.state === "not compared") return `${distribution.name} is redacted in the prediction log`;
    if (weights[at]! < leastWeight) continue;
    if (found.state !== "counted") return `${distribution.name} is gone or of another type`;
    const outside = shareOutside(distribution, found);
    if (outside > mostOutside)
      return `${formatPercent(outside, 2)} of ${distribution.name} lies outside of the trained range`;
  }
  return null;
}
