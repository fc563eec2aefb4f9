import { describe, expect, test } from "vitest";
import type { Waiver } from "../../pipelines/config/model-config.ts";
import { checkIn, evaluation, judged, metric, slice } from "./builders.ts";

const worse = evaluation([metric("rmse", 31, 30), metric("mae", 19, 20)]);
const waiver = (check: string, until = "2026-12-31"): Waiver => ({ check, until, reason: "agreed with operations" });

describe("a waiver turns its failing check into a pass, visibly", () => {
  test("the primary comparison", () => {
    const verdict = judged(worse, { waive: [waiver("primary")] });
    expect(verdict.outcome).toBe("pass");
    expect(checkIn(verdict, "primary")).toMatchObject({
      outcome: "pass",
      found: "31",
      waived: { until: "2026-12-31", reason: "agreed with operations" },
    });
    expect(verdict.summary).toMatch(/^rmse 31 must be below .*; waived: primary\.$/);
    expect(verdict.notes).toEqual(["primary is waived until 2026-12-31: agreed with operations"]);
  });

  test("an inconclusive one", () => {
    const verdict = judged(evaluation([metric("rmse", 29.98, 30)]), {
      retrain: { mode: "superior", margin: null, confidence: 0.95 },
      waive: [waiver("primary")],
    });
    expect(verdict.outcome).toBe("pass");
  });

  test("one slice and not the others", () => {
    const slices = [slice("ATL", 40, 30), slice("BOS", 40, 30)];
    const rule = { by: "origin", metric: "rmse", max_regression: { relative: 0.1 }, min_rows: 200 };
    const verdict = judged(evaluation([metric("rmse", 28, 30)], { slices }), {
      slices: [rule],
      waive: [waiver("slice:origin=ATL")],
    });
    expect(checkIn(verdict, "slice:origin=ATL").outcome).toBe("pass");
    expect(checkIn(verdict, "slice:origin=BOS").outcome).toBe("fail");
    expect(verdict.outcome).toBe("fail");
  });

  test("a guard and the signature", () => {
    const evaluated = evaluation([metric("rmse", 28, 30), metric("mae", 19, 20)], { features: [] });
    const waive = [waiver("metric:mae"), waiver("signature")];
    expect(judged(evaluated, { always: { mae: { max: 18 } }, waive }).outcome).toBe("pass");
  });
});

describe("how long a waiver holds (the verdict is of 2026-11-19)", () => {
  test.each([
    ["later", "2026-12-31", "pass"],
    ["its last day", "2026-11-19", "pass"],
    ["the day after", "2026-11-18", "fail"],
    ["not a day", "some day", "fail"],
    ["a year", "2027", "fail"],
  ] as const)("%s", (_, until, outcome) => {
    expect(judged(worse, { waive: [waiver("primary", until)] }).outcome).toBe(outcome);
  });

  test("an expired one is reported", () => {
    const { notes } = judged(worse, { waive: [waiver("primary", "2026-11-18")] });
    expect(notes).toEqual(["The waiver of primary expired on 2026-11-18 and is not applied (agreed with operations)."]);
  });

  test("of an expired and a renewed one the renewed one holds", () => {
    expect(judged(worse, { waive: [waiver("primary", "2026-11-18"), waiver("primary")] }).outcome).toBe("pass");
  });
});

describe("what a waiver cannot do", () => {
  test("stand in for missing numbers", () => {
    const waive = [waiver("evaluation"), waiver("primary")];
    const verdict = judged(evaluation([metric("rmse", null, 30)]), { waive });
    expect(verdict.outcome).toBe("fail");
    expect(verdict.notes).toContain(
      "The waiver of evaluation is not applied: missing numbers and a baseline that fails cannot be waived.",
    );
  });

  test("stand in for a baseline that does not load", () => {
    const baseline = { state: "failed", version: 2, model: "m", reason: "broken" } as const;
    const waive = [waiver("evaluation"), waiver("primary")];
    expect(judged(evaluation([metric("rmse", 28, null)], { baseline }), { waive }).outcome).toBe("fail");
  });

  test("match nothing unnoticed", () => {
    const { notes } = judged(evaluation([metric("rmse", 28, 30)]), { waive: [waiver("metric:maee")] });
    expect(notes).toEqual(["The waiver of metric:maee matches no check of this verdict and did nothing."]);
  });

  test("be needed by a check that passes", () => {
    const { checks, notes } = judged(evaluation([metric("rmse", 28, 30)]), { waive: [waiver("primary")] });
    expect(checks.some(({ waived }) => waived)).toBe(false);
    expect(notes).toEqual(["The waiver of primary is not needed: the check passes by itself."]);
  });
});
