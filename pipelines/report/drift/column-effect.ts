import { formatNumber } from "../../statistics/format-number.ts";
import type { ColumnDrift, Effect } from "../../watch/drift/drift-result.ts";

/** The effect that decides on a column: of those beyond their limits the one that is so most, else the distance of the values. */
function decidingEffect({ effects }: ColumnDrift): Effect | null {
  const beyond = effects.filter(({ exceeds }) => exceeds);
  const most = beyond.toSorted((a, b) => timesLimit(b) - timesLimit(a))[0];
  return most ?? effects[0] ?? null;
}

function timesLimit({ name, value, limit }: Effect): number {
  return name === "p-value" || limit <= 0 ? 0 : value / limit;
}

/** `0.31 (0.1)`; of other effects than the distance of the values with their names, `missing 0.19 (0.05)`. */
export function distanceText(column: ColumnDrift): string {
  const effect = decidingEffect(column);
  if (column.calendar && column.verdict === "stable") return "calendar";
  if (!effect || column.state !== "compared") return "";
  const named =
    effect === column.effects[0] && isDistance(effect) ? "" : `${effect.name === "p-value" ? "p" : effect.name} `;
  return `${named}${formatNumber(effect.value, 2)} (${formatNumber(effect.limit, 2)})`;
}

function isDistance({ name }: Effect): boolean {
  return name === "wasserstein" || name === "total variation" || name === "jensen-shannon";
}

/** Whether chance is ruled out; a column that is gone needs no test. */
export function significanceText({ state, significant, p }: ColumnDrift): string {
  return state !== "compared" || p === null ? "" : significant ? "yes" : "no";
}

/** Predictions have no importance. */
export function weightText(column: ColumnDrift, isPrediction: boolean): string {
  return isPrediction ? "" : formatNumber(column.weight, 2);
}
