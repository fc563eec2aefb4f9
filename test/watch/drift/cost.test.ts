import { describe, expect, it } from "vitest";
import { driftReport } from "../../../pipelines/report/drift/drift-report.ts";
import { costsNothing } from "../../../pipelines/watch/drift/cost.ts";
import type { ModelDrift } from "../../../pipelines/watch/drift/model-drift.ts";
import { decideNotice, driftState } from "../../../pipelines/watch/notice/decide-notice.ts";
import { retrainWish } from "../../../pipelines/watch/retrain/decide-retrain.ts";
import { columnDrift, drifting, driftResult, modelDrift, performanceDrift } from "./results.ts";

const same = performanceDrift({
  current: { ...performanceDrift().reference, value: 29.7, rows: 800, error: 0.5 },
  ...{ worse: 0.003, p: 0.4, adjusted: 0.6, significant: false, verdict: "stable" },
});

function moved(changes: Partial<ModelDrift["result"]> = {}, about: Partial<ModelDrift> = {}): ModelDrift {
  const result = driftResult({ outcome: "drift", because: ["features"], features: [drifting()], ...changes });
  return modelDrift({ persistent: "drift", result, ...about });
}

describe("what labels say of a shift", () => {
  it.each<[string, ModelDrift, boolean]>([
    ["they show no loss", moved({ performance: same }), true],
    ["there are none", moved(), false],
    ["they show a loss", moved({ performance: performanceDrift() }), false],
    [
      "they are too few to rule a loss out",
      moved({ performance: { ...same, current: { ...same.current!, error: 4 } } }),
      false,
    ],
    [
      "most have not arrived",
      moved({ performance: same }, { labels: { known: 300, late: 0, missing: 700, duplicated: 0, problem: null } }),
      false,
    ],
    [
      "a feature is gone",
      moved({ performance: same, features: [columnDrift({ state: "vanished", verdict: "drift" })] }),
      false,
    ],
  ])("%s", (_title, drift, expected) => {
    expect(costsNothing(drift)).toBe(expected);
  });

  it("opens no issue and asks for no retrain when it costs nothing", () => {
    const state = driftState(moved({ performance: same }));
    expect(decideNotice(state, [])).toEqual({ action: "nothing", reason: "it costs nothing" });
    const memory = { model: "flight-delay", version: 2, severity: 2, to: "2001-05-28T00:00:00.000Z", closed: null };
    expect(decideNotice(state, [{ number: 7, open: true, memory }])).toMatchObject({
      action: "close",
      why: "harmless",
    });
    const config = {
      drift: { on_drift: "pull-request" },
      retrain: { window: "expanding", schedule: "never" },
      features: { window: { start: "2001-01-01", end: "2001-04-01" } },
    } as unknown as Parameters<typeof retrainWish>[0];
    const now = new Date("2001-06-05T06:00:00Z");
    expect(retrainWish(config, { known: state, production: 2, now })).toMatchObject({ kind: "none" });
    const { title, body } = driftReport(moved({ performance: same }));
    expect(title).toBe("flight-delay moved, and it costs nothing: 1 of 1 feature");
    expect(body).not.toContain("Retrain");
  });

  it("asks for no retrain when all that drifts is gone, which somebody must mend", () => {
    const gone = moved({ features: [columnDrift({ state: "vanished", verdict: "drift" })] });
    const state = driftState(gone);
    expect(decideNotice(state, [])).toMatchObject({ action: "create" });
    const config = {
      drift: { on_drift: "pull-request" },
      retrain: { window: "expanding", schedule: "never" },
      features: { window: { start: "2001-01-01", end: "2001-04-01" } },
    } as unknown as Parameters<typeof retrainWish>[0];
    const now = new Date("2001-06-05T06:00:00Z");
    expect(retrainWish(config, { known: state, production: 2, now })).toMatchObject({
      kind: "none",
      why: "what drifts is gone or of another type, which no retrain makes good",
    });
    const { body } = driftReport(gone);
    expect(body).toContain("Mend the source");
    expect(body).not.toContain("Retrain on");
  });
});
