import { describe, expect, it } from "vitest";
import { driftReport } from "../../../pipelines/report/drift/drift-report.ts";
import { arrivedShare, judgeLateLabels, type LabelledCheck } from "../../../pipelines/watch/drift/late-labels.ts";
import { runLateLabels } from "../../../scripts/bench/drift/tell-late-labels.ts";
import { driftResult, modelDrift, performanceDrift } from "./results.ts";

const good = performanceDrift({ verdict: "stable", significant: false });
const bad = performanceDrift();

function check(share: number, performance = good): LabelledCheck {
  const labels = { known: 1000 * share, late: 0, missing: 1000 * (1 - share), duplicated: 0, problem: null };
  const isBad = performance.verdict === "drift";
  const result = driftResult({
    performance,
    outcome: isBad ? "drift" : "clean",
    because: isBad ? ["performance"] : [],
  });
  return { result, labels, labelled: null };
}

const spans = ["2001-05-28", "2001-05-21", "2001-05-14"].map((day) => ({
  from: `${day}T00:00:00.000Z`,
  to: new Date(Date.parse(day) + 7 * 24 * 3_600_000).toISOString(),
}));

describe("labels that come late", () => {
  it("are judged once enough of them have arrived, each window's once", () => {
    const { checks, awaited } = judgeLateLabels([check(0.1, bad), check(0.9, bad), check(1)], spans, 0.8);
    expect(awaited).toEqual({ share: 0.1, needed: 0.8 });
    expect(checks[0]).toMatchObject({ labelled: spans[1], labels: { known: 900 }, result: { outcome: "drift" } });
    expect(checks[1]).toMatchObject({ labelled: spans[2], result: { outcome: "clean", because: [] } });
    // It would need a window that was not looked at.
    expect(checks[2]!.result.performance!.verdict).toBe("too few labels");
  });

  it("change nothing where they are all there, and where there are none to come", () => {
    const all = [check(1, bad), check(0.95)];
    expect(judgeLateLabels(all, spans, 0.8)).toEqual({ checks: all, awaited: null });
    const none = { ...check(0), labels: { known: 0, late: 0, missing: 0, duplicated: 0, problem: "no key" } };
    const unlabelled = [{ ...none, result: driftResult() }];
    expect(judgeLateLabels(unlabelled, spans, 0.8)).toEqual({ checks: unlabelled, awaited: null });
    expect(arrivedShare({ known: 0, late: 9, missing: 0, duplicated: 0, problem: null })).toBeNull();
  });

  it("are not known while no window has enough, and the report says how many there are", () => {
    const { checks, awaited } = judgeLateLabels([check(0.3, bad), check(0.5, bad)], spans, 0.8);
    expect(checks.map((each) => each!.result.outcome)).toEqual(["clean", "clean"]);
    const [newest] = checks;
    const { body } = driftReport(modelDrift({ ...newest!, awaited }));
    expect(body).toContain("30% of the window's labels have arrived, and a metric is judged from 80% on");
    expect(body).toContain("Whether it costs you accuracy is not known: too few of the labels have arrived");
  });

  it("neither alarm nor hide anything when positives come first", () => {
    const { alarms, hasty, detected } = runLateLabels(30);
    expect(hasty.count).toBeGreaterThan(25);
    expect(alarms.count).toBeLessThanOrEqual(3);
    expect(detected.count).toBeGreaterThanOrEqual(27);
  });
});
