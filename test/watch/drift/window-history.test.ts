import { describe, expect, it } from "vitest";
import { type DriftPoint, driftingInARow, driftPoint } from "../../../pipelines/watch/drift/model-drift.ts";
import { columnDrift, drifting, driftResult, performanceDrift } from "./results.ts";

const span = { from: "2001-05-28T00:00:00.000Z", to: "2001-06-04T00:00:00.000Z" };

describe("a window in a few numbers", () => {
  it("keeps the prediction that moved most for its limit, and the metric", () => {
    const label = columnDrift({
      name: "label",
      kind: "category",
      effects: [{ name: "total variation", value: 0.2, limit: 0.05, p: 0.001, exceeds: true }],
    });
    const result = driftResult({
      outcome: "drift",
      predictions: [drifting({ name: "probability_yes" }), label],
      performance: performanceDrift(),
    });
    expect(driftPoint(span, result)).toEqual({
      ...span,
      outcome: "drift",
      rows: 1000,
      prediction: { column: "label", distance: 0.2, limit: 0.05 },
      share: 0,
      metric: { metric: "rmse", value: 33.9, low: 30.8, high: 37.1, rows: 800 },
    });
  });

  it("has neither for a window without predictions and labels", () => {
    const gone = columnDrift({ state: "vanished", effects: [], current: null });
    const point = driftPoint(span, driftResult({ predictions: [gone] }));
    expect(point).toMatchObject({ prediction: null, metric: null });
  });

  it("has no metric where it has no value", () => {
    const performance = performanceDrift({ current: null, problem: "9 rows", verdict: "stable" });
    expect(driftPoint(span, driftResult({ performance })).metric).toBeNull();
  });
});

describe("drifting windows in a row", () => {
  const outcomes = { d: "drift", c: "clean", "-": "too few rows" } as const;
  const windows = (text: string): DriftPoint[] =>
    [...text].map((letter, at) => ({
      ...driftPoint({ from: `${at}`, to: "" }, driftResult({ outcome: outcomes[letter as keyof typeof outcomes] })),
    }));

  it.each([
    ["", ""],
    ["c", ""],
    ["cdd", ""],
    ["ddc", "01"],
    ["ddcd", "01"],
    ["-d-dc", "13"],
    ["ddd", "012"],
    ["---", ""],
  ])("of %j are windows %j", (text, expected) => {
    expect(
      driftingInARow(windows(text))
        .map(({ from }) => from)
        .join(""),
    ).toBe(expected);
  });
});
