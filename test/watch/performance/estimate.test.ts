import { describe, expect, it } from "vitest";
import { driftReport } from "../../../pipelines/report/drift/drift-report.ts";
import { lossOfMetric, metricOf } from "../../../pipelines/watch/performance/estimate/loss-model.ts";
import { estimatedKinds, runEstimates } from "../../../scripts/bench/drift/tell-estimates.ts";
import { driftResult, modelDrift } from "../drift/results.ts";

describe("a metric without labels", () => {
  it.each([
    [estimatedKinds[0]!, 4],
    [estimatedKinds[2]!, 8],
  ] as const)("is estimated with an interval that holds under covariate shift: %s", async (kind, unmoved) => {
    const found = await runEstimates(kind, 0.5, 8);
    expect(found.inside.count).toBeGreaterThanOrEqual(6);
    expect(found.unmoved.count).toBeLessThanOrEqual(unmoved);
  });

  it("is that which is a mean over rows, or the nearest that is", () => {
    expect(lossOfMetric("r2", true)).toEqual({ metric: "rmse", loss: "squared" });
    expect(lossOfMetric("roc_auc", false)).toEqual({ metric: "log_loss", loss: "log" });
    expect([metricOf("squared", 4), metricOf("wrong", 0.25), metricOf("squared", -1)]).toEqual([2, 0.75, 0]);
  });

  it("is named as an estimate, or cannot be known", () => {
    const estimate = {
      metric: "rmse",
      value: 31.2,
      low: 29,
      high: 33.4,
      confidence: 0.95,
      rows: 1000,
      reference: 29.6,
    };
    const bodyOf = (result: Parameters<typeof driftResult>[0]) =>
      driftReport(modelDrift({ result: driftResult({ outcome: "drift", because: ["features"], ...result }) })).body;
    expect(bodyOf({ estimate })).toContain("as an estimate without labels, rmse is 31.2 (29 … 33.4), 29.6 at deploy");
    expect(bodyOf({ estimate: { unknown: "12% of age lies outside of the trained range" } })).toContain(
      "nor can it be estimated, because 12% of age lies outside of the trained range",
    );
  });
});
