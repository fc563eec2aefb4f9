import { describe, expect, test } from "vitest";
import { intervalAfterSpending } from "../../pipelines/gate/primary-check.ts";
import { normals } from "../evaluation/builders.ts";
import { evaluation, judged, metric } from "./builders.ts";

const superior = { retrain: { mode: "superior", margin: null, confidence: 0.95 } } as const;
const inferior = { retrain: { mode: "non-inferior", margin: { absolute: 0.5 }, confidence: 0.95 } } as const;

function evaluationAfter(judged_before: number, candidate: number, half = 0.1) {
  return evaluation([metric("rmse", candidate, 30, half)], { judged_before });
}

describe("test rows that judged others before", () => {
  test.each([
    ["the first candidate has the whole error", 0, 29.89, "pass"],
    ["the second half of it once more", 1, 29.89, "inconclusive"],
    ["the fifth has a twentieth of it", 4, 29.89, "inconclusive"],
    ["which a larger difference passes", 4, 29.8, "pass"],
  ])("superior: %s", (_, before, candidate, outcome) => {
    expect(judged(evaluationAfter(before, candidate), superior).outcome).toBe(outcome);
  });

  test("non-inferior spends its error likewise", () => {
    expect(judged(evaluationAfter(0, 30.39), inferior).outcome).toBe("pass");
    expect(judged(evaluationAfter(9, 30.39), inferior).outcome).toBe("inconclusive");
  });

  test("point is judged by the point, and told from the fifth candidate on", () => {
    expect(judged(evaluationAfter(3, 29.99)).notes.join()).not.toContain("other candidates");
    const verdict = judged(evaluationAfter(4, 29.99));
    expect(verdict.outcome).toBe("pass");
    expect(verdict.notes).toContain(
      "4 other candidates were judged on these test rows before this one: the best of many looks better than it is. New test rows, or mode superior, would tell.",
    );
  });

  test("the reason names the interval that is judged", () => {
    const { checks, notes } = judged(evaluationAfter(4, 29.8), superior);
    expect(checks.find(({ id }) => id === "primary")?.reason).toContain("(99.75% interval −0.354 … −0.0457)");
    expect(notes).toContain(
      "4 other candidates were judged on these test rows before this one, so its interval is one of 99.75%: the best of many looks better than it is.",
    );
  });

  test("fifty equal tries pass in at most 5% of projects", () => {
    // Independent differences with a standard error of one, the worst case: lower is better.
    const normal = normals(1);
    const equal = { value: 0, low: -1.959964, high: 1.959964, confidence: 0.95 };
    const reach = Array.from({ length: 50 }, (_, before) => intervalAfterSpending(equal, before).high);
    const projects = 2000;
    let [passed, without] = [0, 0];
    for (let project = 0; project < projects; project++) {
      const differences = Array.from({ length: 50 }, () => normal());
      if (differences.some((value, at) => value + reach[at]! < 0)) passed += 1;
      if (differences.some((value) => value + reach[0]! < 0)) without += 1;
    }
    expect(without / projects).toBeGreaterThan(0.5);
    expect(passed / projects).toBeLessThan(0.06); // 5%, and two standard errors of 2,000 projects
  });
});
