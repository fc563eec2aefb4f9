import { describe, expect, test } from "vitest";
import { UserError } from "../../pipelines/errors/expected-error.ts";
import { judge, recheckVerdict } from "../../pipelines/gate/judge.ts";
import type { Verdict } from "../../pipelines/gate/verdict.ts";
import { checkIn, context, evaluation, judged, metric, thresholds } from "./builders.ts";

const evaluated = evaluation([metric("rmse", 31, 30)]);
const verdict = judged(evaluated);
const checks = [{ check: "rows", severity: "block", passed: false, found: "3", failing_rows: null }] as const;

test("a verdict judged with data checks needs the same checks", () => {
  const withChecks = judged(evaluated, {}, checks);
  recheckVerdict(withChecks, evaluated, thresholds(), checks);
  expect(() => recheckVerdict(withChecks, evaluated, thresholds(), [])).toThrow(
    'verdict.summary is recorded as "Blocked: The data check',
  );
});

describe("a verdict that was edited is refused, naming what", () => {
  const edits: [string, Verdict, string][] = [
    [
      "its outcome",
      { ...verdict, outcome: "pass" },
      'verdict.outcome is recorded as "pass", and judging again gives "fail"',
    ],
    [
      "a check's outcome",
      { ...verdict, checks: verdict.checks.map((each) => ({ ...each, outcome: "pass" })) },
      'verdict.checks[2].outcome is recorded as "pass"',
    ],
    ["a check removed", { ...verdict, checks: verdict.checks.slice(0, 2) }, "verdict.checks[2] is recorded as absent"],
    [
      "a waiver invented",
      { ...verdict, checks: verdict.checks.map((each) => ({ ...each, waived: { until: "2026-12-31", reason: "x" } })) },
      "verdict.checks[0].waived is recorded as",
    ],
    ["the rule", { ...verdict, rule: "first_deploy" }, 'verdict.rule is recorded as "first_deploy"'],
    [
      "the candidate",
      { ...verdict, binds: { ...verdict.binds, candidate_model: "sha256:other" } },
      "verdict.summary is recorded as",
    ],
    [
      "the baseline",
      { ...verdict, binds: { ...verdict.binds, baseline_version: 1 } },
      "verdict.summary is recorded as",
    ],
    [
      "the evaluation's hash",
      { ...verdict, binds: { ...verdict.binds, evaluation: "sha256:0" } },
      'verdict.binds.evaluation is recorded as "sha256:0"',
    ],
    [
      "something added",
      { ...verdict, approved: true } as Verdict,
      "verdict.approved is recorded as true, and judging again gives absent",
    ],
  ];
  test.each(edits)("%s", (_, edited, message) => {
    expect(() => recheckVerdict(edited, evaluated, thresholds(), [])).toThrow(message);
    expect(() => recheckVerdict(edited, evaluated, thresholds(), [])).toThrow(UserError);
  });
});

test("other thresholds are refused", () => {
  const always = { rmse: { max: 40 } };
  expect(() => recheckVerdict(verdict, evaluated, thresholds({ always }), [])).toThrow(
    "verdict.binds.thresholds is recorded as",
  );
});

test.each([
  ["no binds", {}, evaluated],
  ["no metrics", verdict, { ...evaluated, metrics: undefined }],
])("a record of another shape is refused: %s", (_, recorded, evaluation) => {
  const run = () => recheckVerdict(recorded as Verdict, evaluation as never, thresholds(), []);
  expect(run).toThrow("The verdict cannot be judged again");
  expect(run).toThrow(UserError);
});

test("a verdict on a NaN is the same before and after it was written", () => {
  const broken = evaluation([{ ...metric("rmse", 28, 30), candidate: Number.NaN }]);
  const judgedBefore = judge(broken, thresholds(), context(broken));
  recheckVerdict(judgedBefore, JSON.parse(JSON.stringify(broken)), thresholds(), []);
  expect(checkIn(judgedBefore, "evaluation").outcome).toBe("fail");
});

test("a waiver that has run out since does not undo the verdict", () => {
  const waived = thresholds({ waive: [{ check: "primary", until: "2026-11-19", reason: "once" }] });
  const then = judge(evaluated, waived, context(evaluated));
  expect(then.outcome).toBe("pass");
  recheckVerdict(then, evaluated, waived, []);
});
