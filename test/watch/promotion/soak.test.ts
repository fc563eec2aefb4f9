import { describe, expect, it } from "vitest";
import type { DriftEntry, DriftPoint, ModelDrift } from "../../../pipelines/watch/drift/model-drift.ts";
import { judgeSoak } from "../../../pipelines/watch/promotion/soak.ts";
import { failedDrift, modelDrift } from "../drift/results.ts";

const since = new Date("2026-11-03T09:00:00Z");
const rule = { clean_windows: 2, approval: false };

/** Windows of days, newest first, the newest of November 8. */
function entryOf(outcomes: readonly DriftPoint["outcome"][], over: Partial<ModelDrift> = {}): DriftEntry {
  const history = outcomes.map((outcome, at) => ({
    ...{ from: `2026-11-0${8 - at}T00:00:00.000Z`, to: `2026-11-0${9 - at}T00:00:00.000Z`, outcome, rows: 300 },
    ...{ prediction: null, share: 0, metric: null },
  }));
  const drift = modelDrift({ version: 4, every: "1d", ...over });
  return { ...drift, outcome: over.outcome ?? outcomes[0] ?? "too few rows", history };
}

const judge = (entry: DriftEntry | null, version = 4) => judgeSoak(rule, { version, since }, entry);

describe("windows of a version in an environment", () => {
  it.each<[string, DriftPoint["outcome"][], boolean, number, string]>([
    ["are clean", ["clean", "clean"], true, 2, "2 of 2 clean windows of 1d since 2026-11-03"],
    ["are too few", ["clean"], false, 1, "1 of 2 clean windows of 1d since 2026-11-03"],
    ["have too few rows", ["clean", "too few rows", "clean"], true, 2, "2 of 2 clean windows of 1d since 2026-11-03"],
    [
      "began anew",
      ["clean", "drift", "clean", "clean"],
      false,
      1,
      "1 of 2 clean windows of 1d since 2026-11-03; the window from 2026-11-07 drifted",
    ],
    ["drift now", ["drift", "clean", "clean"], false, 0, "the window from 2026-11-08 drifts"],
    [
      "are of before it",
      ["too few rows", "too few rows", "too few rows", "too few rows", "too few rows", "clean", "clean"],
      false,
      0,
      "0 of 2 clean windows of 1d since 2026-11-03; 5 windows with too few rows",
    ],
  ])("%s", (_, outcomes, met, clean, why) => {
    expect(judge(entryOf(outcomes))).toEqual({ met, clean, needed: 2, why });
  });

  it.each<[string, DriftEntry | null, number, string]>([
    ["nobody looked", null, 4, "its live data was not checked"],
    ["the check failed", failedDrift("ride"), 4, "its live data could not be checked"],
    ["another version was checked", entryOf(["clean", "clean"]), 5, "v4 was checked, and v5 runs there now"],
    [
      "rows stopped",
      entryOf(["clean", "clean"], { outcome: "silent", silence: { since: "2026-11-05T00:00:00.000Z", rows: 9 } }),
      4,
      "no rows come any more since 2026-11-05",
    ],
  ])("do not let it on when %s", (_, entry, version, why) => {
    expect(judge(entry, version)).toMatchObject({ met: false, why: expect.stringContaining(why) });
  });

  it("are not asked for", () => {
    expect(judgeSoak({ clean_windows: 0, approval: true }, { version: 4, since }, null).met).toBe(true);
  });

  it("are kept back by a broken limit of rollback.when", () => {
    const decision = { action: "held" as const, version: 4, why: "v4 breaks error_rate", broken: [] };
    const rollback = { decision } as unknown as ModelDrift["rollback"];
    expect(judge(entryOf(["clean", "clean"], { rollback }))).toMatchObject({ met: false, why: "v4 breaks error_rate" });
  });
});
