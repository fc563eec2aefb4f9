import { describe, expect, it } from "vitest";
import { foldDeployments, standingOf } from "../../../pipelines/registry/standing.ts";
import {
  decideRollback,
  findingSentence,
  isBroken,
  type LiveFinding,
} from "../../../pipelines/watch/promotion/decide-rollback.ts";
import { changesOf, comparison, deploymentsOf, errors, evidence } from "./builders.ts";

const few: LiveFinding = { condition: "outside_reference", state: "too few rows", rows: 120 };
const unknown: LiveFinding = { condition: "worse_than_previous", state: "unknown", reason: "v1 needs the column city" };
const outside = errors({ condition: "outside_reference", share: 0.31, limit: 0.2 });

describe("a finding speaks against a version", () => {
  it.each<[string, LiveFinding, boolean]>([
    ["when a share is above its limit", errors(), true],
    ["not at the limit", errors({ share: 0.05 }), false],
    ["not below it", errors({ share: 0.01 }), false],
    ["with a limit of zero at the first failure", errors({ share: 0.001, limit: 0 }), true],
    ["not without any failure", errors({ share: 0, limit: 0 }), false],
    ["when an error is larger beyond noise", comparison(), true],
    ["not within noise", comparison({ difference: { value: 4.2, low: -0.1, high: 8.3, confidence: 0.99 } }), false],
    [
      "not when the interval ends at zero",
      comparison({ difference: { value: 4, low: 0, high: 8, confidence: 0.99 } }),
      false,
    ],
    [
      "not when an error is smaller",
      comparison({ difference: { value: -4, low: -6, high: -2, confidence: 0.99 } }),
      false,
    ],
    [
      "when a score is smaller beyond noise",
      comparison({ direction: "max", difference: { value: -0.1, low: -0.2, high: -0.01, confidence: 0.99 } }),
      true,
    ],
    [
      "not when a score is greater",
      comparison({ direction: "max", difference: { value: 0.1, low: 0.01, high: 0.2, confidence: 0.99 } }),
      false,
    ],
    ["not when there are too few rows", few, false],
    ["not when it is not known", unknown, false],
  ])("%s", (_title, finding, broken) => {
    expect(isBroken(finding)).toBe(broken);
  });
});

describe("a version is", () => {
  it.each<[string, string[], LiveFinding[], object]>([
    [
      "rolled back to the one before",
      ["m ->1", "m 1>2"],
      [errors()],
      {
        action: "roll back",
        from: 2,
        to: 1,
        promotion: "commit-1",
        why: "v2 breaks error_rate; v1 was there before",
      },
    ],
    [
      "rolled back for several conditions, others unknown",
      ["m ->1", "m 1>2"],
      [errors(), few, comparison()],
      {
        action: "roll back",
        to: 1,
        why: "v2 breaks error_rate and worse_than_previous; v1 was there before",
      },
    ],
    [
      "rolled back to what was there, not to the number before",
      ["m ->1", "m 1>3", "r 3>1", "m 1>2"],
      [errors()],
      { action: "roll back", from: 2, to: 1, promotion: "commit-3" },
    ],
    ["rolled back when a person promoted it newly", ["m ->1", "p 1>2"], [errors()], { action: "roll back", to: 1 }],
    [
      "rolled back to one that a person had rolled back and put back",
      ["m ->1", "m 1>3", "r 3>1", "p 1>3", "m 3>2"],
      [errors()],
      { action: "roll back", to: 3 },
    ],
    [
      "sound",
      ["m ->1", "m 1>2"],
      [errors({ share: 0.01 })],
      { action: "nothing", sound: true, why: "v2 keeps its limits" },
    ],
    [
      "not judged by too few rows",
      ["m ->1", "m 1>2"],
      [few],
      {
        action: "nothing",
        sound: false,
        why: "nothing speaks against v2; outside_reference is not known: 120 rows since the promotion are too few",
      },
    ],
    [
      "not judged by what is not known",
      ["m ->1", "m 1>2"],
      [errors({ share: 0 }), unknown],
      {
        action: "nothing",
        sound: false,
        why: "nothing speaks against v2; worse_than_previous is not known: v1 needs the column city",
      },
    ],
    [
      "held when it is the first",
      ["m ->2"],
      [outside],
      {
        action: "held",
        version: 2,
        why: "v2 breaks outside_reference, but nothing was in production before it: without it nothing would be",
      },
    ],
    [
      "held when nothing was left before it",
      ["m ->1", "r 1>-", "m ->2"],
      [errors()],
      { action: "held", why: expect.stringContaining("nothing was in production before it") },
    ],
    [
      "held when it came back by an automatic rollback",
      ["m ->1", "m 1>2", "m 2>3", "a 3>2"],
      [errors()],
      {
        action: "held",
        why: "v2 breaks error_rate, but it came back by a rollback: nothing is rolled back again until somebody promotes a version",
      },
    ],
    [
      "held when it came back by a person's revert",
      ["m ->1", "m 1>2", "m 2>3", "r 3>2"],
      [errors()],
      { action: "held", why: expect.stringContaining("it came back by a rollback") },
    ],
    [
      "held when a person put it back on purpose",
      ["m ->1", "m 1>2", "a 2>1", "p 1>2"],
      [errors()],
      {
        action: "held",
        why: "v2 breaks error_rate, but Ada put it back on purpose after it had been in production before",
      },
    ],
    [
      "held when the one before was rolled back automatically once",
      ["m ->1", "m 1>3", "a 3>1", "p 1>3", "m 3>2"],
      [errors()],
      {
        action: "held",
        why: "v2 breaks error_rate, but v3, which was there before it, was itself rolled back automatically once",
      },
    ],
    [
      "not judged when production has changed",
      ["m ->1", "m 1>2", "m 2>3"],
      [errors()],
      {
        action: "nothing",
        sound: false,
        why: "production of rent has changed since v2 was judged: v3 is there, by robot",
      },
    ],
    [
      "not judged when it went and came back meanwhile",
      ["m ->1", "m 1>3", "r 3>1", "m 1>2"],
      [errors()],
      { action: "nothing", sound: false },
    ],
    [
      "not judged when nothing is in production",
      ["m ->1", "r 1>-"],
      [errors()],
      { action: "nothing", why: "nothing of rent is in production any more" },
    ],
  ])("%s", (title, moves, findings, decision) => {
    const standing = standingOf(deploymentsOf(...moves));
    const isElsewhere = title.includes("meanwhile") || title.includes("has changed");
    const promotion = isElsewhere ? "commit-1" : (standing?.promotion ?? "commit-1");
    expect(decideRollback(evidence(findings, { promotion }), standing)).toMatchObject(decision);
  });
});

describe("how a version stands", () => {
  it.each<[string, string[], object | null]>([
    ["nothing there", [], null],
    ["the first", ["m ->1"], { version: 1, promotion: "commit-0", arrival: "promoted", previous: null }],
    ["promoted", ["m ->1", "m 1>2"], { version: 2, arrival: "promoted", previous: { version: 1, failed: false } }],
    ["gone", ["m ->1", "r 1>-"], null],
    [
      "came back",
      ["m ->1", "m 1>2", "a 2>1"],
      {
        version: 1,
        promotion: "commit-0",
        since: "2026-01-03T00:00:00.000Z",
        arrival: "rolled back to",
        previous: null,
      },
    ],
    [
      "went back by a promotion",
      ["m ->1", "m 1>2", "p 2>1"],
      { version: 1, arrival: "put back", previous: { version: 2 } },
    ],
  ])("%s", (_title, moves, standing) => {
    const found = standingOf(deploymentsOf(...moves));
    if (standing === null) expect(found).toBeNull();
    else expect(found).toMatchObject(standing);
  });

  it("is no promotion after `mergeml rollback --to` a version that never was there", () => {
    const [first, last] = changesOf("m ->1", "p 1>2");
    const deployments = foldDeployments([first!, { ...last!, subject: "rollback(rent): 1 -> 2" }]);
    expect(standingOf(deployments)).toMatchObject({ version: 2, arrival: "rolled back to" });
  });
});

it.each<[LiveFinding, string]>([
  [errors(), "12% of 1,000 requests failed (limit 5%)"],
  [errors({ share: 0.0501, rows: 9980 }), "5.01% of 9,980 requests failed (limit 5%)"],
  [outside, "31% of 1,000 predictions are outside of the reference range (limit 20%)"],
  [comparison(), "rmse is 34.1 on 900 labelled rows, v1's is 29.9 on the same: worse by 4.2 (99% interval 2.1 … 6.3)"],
  [
    comparison({
      metric: "accuracy",
      direction: "max",
      values: { current: 0.8, previous: 0.9 },
      difference: { value: -0.1, low: -0.2, high: -0.01, confidence: 0.99 },
    }),
    "accuracy is 0.8 on 900 labelled rows, v1's is 0.9 on the same: worse by 0.1 (99% interval 0.01 … 0.2)",
  ],
  [few, "outside_reference is not known: 120 rows since the promotion are too few"],
])("is told in a sentence: %j", (finding, sentence) => {
  expect(findingSentence(finding)).toBe(sentence);
});
