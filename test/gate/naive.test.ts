import { expect, test } from "vitest";
import { evaluation, judged, metric } from "./builders.ts";

const none = { state: "none" } as const;
const learnedNothing = { ...metric("rmse", 41, null), naive: 40 };
const limits = { first_deploy: { rmse: { max: 100 } } };

test("a first deploy within its limit that is no better than naive is blocked", () => {
  const verdict = judged(evaluation([learnedNothing], { baseline: none }), { ...limits, naive: "block" });
  expect(verdict.outcome).toBe("fail");
  expect(verdict.summary).toBe(
    "Blocked: rmse 41 must be better than the naive baseline's 40: the model learned nothing that helps.",
  );
  expect(verdict.notes).toEqual([]);
});

test("a score equal to naive's is no better", () => {
  const equal = { ...learnedNothing, candidate: 40 };
  const verdict = judged(evaluation([equal], { baseline: none }), { ...limits, naive: "block" });
  expect(verdict.checks.find(({ id }) => id === "naive")).toMatchObject({
    outcome: "fail",
    limit: "< 40",
    found: "40",
  });
});

test("warn lets it pass and tells", () => {
  const verdict = judged(evaluation([learnedNothing], { baseline: none }), { ...limits, naive: "warn" });
  expect(verdict.outcome).toBe("pass");
  expect(verdict.notes).toEqual([
    "rmse 41 is no better than the naive baseline's 40: the model learned nothing that helps.",
  ]);
});

test("better than production is not enough", () => {
  const verdict = judged(evaluation([{ ...metric("rmse", 41, 45), naive: 40 }]), { naive: "block" });
  expect(verdict.checks.filter(({ outcome }) => outcome !== "pass").map(({ id }) => id)).toEqual(["naive"]);
});

test("a better model passes, with the check in the record", () => {
  const verdict = judged(evaluation([metric("rmse", 29, 30)]), { naive: "block" });
  expect(verdict.outcome).toBe("pass");
  expect(verdict.checks.find(({ id }) => id === "naive")).toMatchObject({
    outcome: "pass",
    limit: "< 40",
    found: "29",
  });
});

test("a naive score that is missing is no pass", () => {
  const missing = { ...metric("rmse", 29, 30), naive: null };
  expect(judged(evaluation([missing]), { naive: "block" }).outcome).toBe("fail");
});

test.each(["bias", "ece"])("%s has no naive yardstick: the mean is all but perfect", (primary) => {
  const better = { ...metric(primary, 0.2, 0.4), naive: 0.001 };
  const verdict = judged(evaluation([better], { primary }), { primary, naive: "block" });
  expect(verdict.outcome).toBe("pass");
  expect(verdict.notes.join(" ")).not.toContain("naive");
});

test("a verdict of before naive was asked for stays what it was", () => {
  const verdict = judged(evaluation([learnedNothing], { baseline: none }), limits);
  expect(verdict.outcome).toBe("pass");
  expect(verdict.checks.map(({ id }) => id)).not.toContain("naive");
});

test("a reviewed waiver holds for it", () => {
  const waive = [{ check: "naive", until: "2099-01-01", reason: "A placeholder for the interface" }];
  expect(judged(evaluation([learnedNothing], { baseline: none }), { ...limits, naive: "block", waive }).outcome).toBe(
    "pass",
  );
});
