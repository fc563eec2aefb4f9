import type { ModelConfig } from "../../config/model-config.ts";
import { parseUtc } from "../../config/utc-time.ts";
import type { DriftState } from "../notice/decide-notice.ts";
import { addMonths, dayMs } from "./calendar-months.ts";
import type { RetrainWish } from "./decide-retrain.ts";
import { moveWindow } from "./retrain-window.ts";
import { trialWords } from "./trial-words.ts";

/** What is known of a model's drift; null when its check failed. */
export type KnownDrift = Pick<DriftState, "version" | "persistent" | "severity" | "to" | "broken" | "trial"> | null;

/**
 * Whether the config asks for a retrain now: because of a persistent drift, up to the end of the window it showed in, or by
 * `retrain.schedule`. A check that failed says nothing of drift, but the calendar goes on.
 */
export function retrainWish(
  { drift, retrain, features }: Pick<ModelConfig, "drift" | "retrain" | "features">,
  { known, production, now }: { known: KnownDrift; production: number | null; now: Date },
): RetrainWish {
  const { window } = features;
  if (production === null) return { kind: "none", why: "nothing is in production" };
  if (window === null) return { kind: "none", why: "its config has no window that could be moved" };
  const answersDrift = drift.on_drift === "pull-request";
  if (answersDrift && known?.persistent === "drift" && known.version === production) {
    if (known.broken)
      return { kind: "none", why: "what drifts is gone or of another type, which no retrain makes good" };
    const moved = moveWindow(window, retrain.window, new Date(known.to));
    if (moved === null) return { kind: "none", why: `its window reaches to ${window.end} already` };
    if (known.trial?.better !== false)
      return { kind: "retrain", reason: "drift", version: production, severity: known.severity, window: moved };
  }
  const due = retrainDue(retrain.schedule, new Date(parseUtc(window.end) ?? 0), now);
  const moved = due && moveWindow(window, retrain.window, due);
  if (moved) return { kind: "retrain", reason: "schedule", version: production, severity: 0, window: moved };
  if (answersDrift && known?.persistent === "drift" && known.trial)
    return { kind: "none", why: `a trial of it was no better: ${trialWords(known.trial)}` };
  return withoutCause(answersDrift, known);
}

function withoutCause(answersDrift: boolean, known: KnownDrift): RetrainWish {
  if (!answersDrift) return { kind: "none", why: "drift.on_drift is issue, and no retrain is due" };
  if (known === null) return { kind: "undecided", why: "the drift check failed" };
  if (known.persistent === "harmless") return { kind: "none", why: "the drift costs nothing by its labels" };
  if (known.persistent === "clean") return { kind: "none", why: "there is no drift any more" };
  return { kind: "undecided", why: "it is undecided whether it drifts" };
}

/**
 * Where a data window that ended at `windowEnd` should end by now, going by the cadence: the last whole week or calendar month
 * (UTC) after its end that is over. null while none is, and for `never`.
 */
export function retrainDue(schedule: "never" | "weekly" | "monthly", windowEnd: Date, now: Date): Date | null {
  const [end, present] = [windowEnd.getTime(), now.getTime()];
  if (schedule === "never" || present < end) return null;
  const steps = schedule === "weekly" ? Math.floor((present - end) / (7 * dayMs)) : monthsOver(end, present);
  if (steps === 0) return null;
  return new Date(schedule === "weekly" ? end + steps * 7 * dayMs : addMonths(end, steps));
}

/** Counted from the end itself, so that a window that ends on the 31st stays at the ends of months. */
function monthsOver(end: number, present: number): number {
  const [from, to] = [new Date(end), new Date(present)];
  const months = (to.getUTCFullYear() - from.getUTCFullYear()) * 12 + to.getUTCMonth() - from.getUTCMonth();
  return addMonths(end, months) <= present ? months : months - 1;
}
