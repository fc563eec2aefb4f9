import type { ModelConfig } from "../../config/model-config.ts";
import { currentPerformance } from "../performance/current-performance.ts";
import type { Profile } from "../profile/profile.ts";
import { type SummariseOptions, summarise } from "../profile/summarise.ts";
import type { DriftResult } from "./drift-result.ts";
import { type EvidentlyJob, judgeByEvidently } from "./evidently/judge-by-evidently.ts";
import { judgeDrift } from "./judge-drift.ts";

export interface CheckWindowOptions extends SummariseOptions {
  drift: Pick<ModelConfig["drift"], "min_rows" | "share">;
  /** The files whose outcomes are compared, when they are others. */
  labelled?: readonly string[];
  /** Of the bootstrap that measures performance. */
  seed: number;
  /** For `drift.method: evidently`: where the rows are that the version was trained and judged on. */
  evidently?: Pick<EvidentlyJob, "store" | "version">;
}

/** A window's Parquet files against a version's profile by the calibrated method, or by Evidently's. Files of a log and of a query look alike. */
export async function checkWindow(profile: Profile, options: CheckWindowOptions): Promise<DriftResult> {
  const window = await summarise(profile, options);
  const performance = await currentPerformance(profile, options.labelled ?? options.files, options.seed);
  const calibrated = judgeDrift({ profile, window, performance, drift: options.drift });
  return options.evidently ? judgeByEvidently(calibrated, { ...options, ...options.evidently }) : calibrated;
}
