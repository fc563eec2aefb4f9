import { expect, it } from "vitest";
import type { ModelConfig } from "../../../pipelines/config/model-config.ts";
import { type KnownDrift, retrainWish } from "../../../pipelines/watch/retrain/decide-retrain.ts";

const window = { start: "2001-01-01", end: "2001-04-01" };
const now = new Date("2001-06-05T06:00:00Z");
const drifting = { version: 2, persistent: "drift" as const, severity: 3, to: "2001-06-04T00:00:00.000Z" };

interface Case {
  on_drift?: "issue" | "pull-request";
  retrain?: Partial<ModelConfig["retrain"]>;
  window?: typeof window | null;
  known?: KnownDrift;
  production?: number | null;
}

/** Of a production whose rmse is 2. */
function trial(candidate: number) {
  return { metric: "rmse", rows: 400, production: 2, candidate, low: -0.5, high: 0.25, better: candidate < 2 };
}

function wish({ on_drift = "pull-request", retrain = {}, known = drifting, production = 2, ...rest }: Case) {
  const config = {
    drift: { on_drift },
    retrain: { window: "expanding", schedule: "never", ...retrain },
    features: { window: "window" in rest ? rest.window : window },
  } as ModelConfig;
  return retrainWish(config, { known, production, now });
}

it.each<[title: string, Case, expected: object]>([
  [
    "drift, expanding",
    {},
    { kind: "retrain", reason: "drift", version: 2, severity: 3, window: { start: "2001-01-01", end: "2001-06-04" } },
  ],
  ["drift, sliding", { retrain: { window: "sliding" } }, { window: { start: "2001-03-06", end: "2001-06-04" } }],
  [
    "drift with a due schedule is a drift",
    { retrain: { schedule: "monthly" } },
    { reason: "drift", window: { start: "2001-01-01", end: "2001-06-04" } },
  ],
  [
    "a due schedule, whatever drifts",
    { on_drift: "issue", retrain: { schedule: "monthly" } },
    { reason: "schedule", severity: 0, window: { start: "2001-01-01", end: "2001-06-01" } },
  ],
  [
    "a due schedule when the check failed",
    { known: null, retrain: { schedule: "weekly" } },
    { reason: "schedule", window: { end: "2001-06-03" } },
  ],
  ["an issue only", { on_drift: "issue" }, { kind: "none", why: "drift.on_drift is issue, and no retrain is due" }],
  ["drift that a trial of the retrain answers", { known: { ...drifting, trial: trial(1.2) } }, { reason: "drift" }],
  [
    "drift that a trial of the retrain does not answer",
    { known: { ...drifting, trial: trial(2.1) } },
    {
      kind: "none",
      why: "a trial of it was no better: rmse 2.1 instead of production's 2 on the same 400 test rows (interval of the difference −0.5 … +0.25)",
    },
  ],
  [
    "a due schedule, though a trial was no better",
    { known: { ...drifting, trial: trial(2.1) }, retrain: { schedule: "monthly" } },
    { reason: "schedule", window: { end: "2001-06-01" } },
  ],
  ["clean", { known: { ...drifting, persistent: "clean" } }, { kind: "none", why: "there is no drift any more" }],
  ["undecided", { known: { ...drifting, persistent: "undecided" } }, { kind: "undecided" }],
  ["a check that failed", { known: null }, { kind: "undecided", why: "the drift check failed" }],
  ["a drift of a version that is gone meanwhile", { production: 3 }, { kind: "undecided" }],
  ["nothing in production", { production: null }, { kind: "none", why: "nothing is in production" }],
  ["no window", { window: null }, { kind: "none", why: "its config has no window that could be moved" }],
  [
    "a window that reaches far enough",
    { window: { start: "2001-01-01", end: "2001-06-04" } },
    { kind: "none", why: "its window reaches to 2001-06-04 already" },
  ],
])("%s", (_title, given, expected) => {
  expect(wish(given)).toMatchObject(expected);
});
