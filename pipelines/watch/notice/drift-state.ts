import type { ModelDrift } from "../drift/model-drift.ts";
import { durationOf } from "../window/interval.ts";
import type { DriftState } from "./decide-notice.ts";
import { driftSeverity } from "./severity.ts";

/**
 * What a check says to an issue. A drift whose newest window has too few rows is told no further: there is nothing new to
 * tell, and no severity to compare with later.
 */
export function driftState({ model, version, persistent, outcome, result, window, every }: ModelDrift): DriftState {
  const isSilent = persistent === "drift" && outcome !== "drift";
  return {
    ...{ model, version, persistent: isSilent ? "undecided" : persistent },
    ...{ severity: driftSeverity(result), to: window.to, cooldownMs: durationOf(every) },
  };
}

/** A model of which no version is in production any more. */
export function undeployedState(model: string, now: Date): DriftState {
  return { model, version: null, persistent: "undecided", severity: 0, to: now.toISOString(), cooldownMs: 0 };
}
