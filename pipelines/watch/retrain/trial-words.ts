import { formatCount, formatNumber, formatSigned } from "../../statistics/format-number.ts";
import type { RetrainTrial } from "../drift/model-drift.ts";

/** `rmse 33.6 instead of production's 34.2 on the same 300 test rows (interval of the difference −0.66 … −0.43)`, without marks of Markdown. */
export function trialWords({ metric, candidate, production, rows, low, high }: RetrainTrial): string {
  const interval = `${formatSigned(low)} … ${formatSigned(high)}`;
  return `${metric} ${formatNumber(candidate)} instead of production's ${formatNumber(production)} on the same ${formatCount(rows)} test rows (interval of the difference ${interval})`;
}
