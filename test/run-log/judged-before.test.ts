import { expect, test } from "vitest";
import { judgedBefore } from "../../pipelines/run-log/judged-before.ts";
import type { RunRecord } from "../../pipelines/run-log/run-record.ts";

function run(candidate: string | null, time: string, fingerprint = "fp:test"): RunRecord {
  const data = candidate && { window: null, train: { fingerprint: "", rows: 1 }, test: { fingerprint, rows: 1 } };
  return { candidate, time, data, verdict: candidate && { outcome: "fail", summary: "" } } as RunRecord;
}

const runs = [
  run("c-1", "2026-01-01"),
  run("c-2", "2026-01-02"),
  run("c-2", "2026-01-03"),
  run("c-3", "2026-01-04", "fp:other"),
  run(null, "2026-01-05"),
  run("c-4", "2026-01-06"),
];

test.each([
  ["a new candidate comes after all others", "c-9", 3],
  ["one that was judged before counts as it did then", "c-2", 1],
  ["the first has none before it", "c-1", 0],
])("%s", (_, id, count) => {
  expect(judgedBefore(runs, id, "fp:test")).toBe(count);
});

test("what pull requests tried counts, once, of this one and of those that were merged", () => {
  const merged = { ...run("c-5", "2026-01-07"), tried: ["aaaaaaaa", "bbbbbbbb"] };
  expect(judgedBefore([...runs, merged], "c-9", "fp:test")).toBe(6);
  expect(judgedBefore([...runs, merged], "c-9", "fp:test", ["bbbbbbbb", "cccccccc", "9"])).toBe(7);
});

test("candidates on other test rows do not count", () => {
  expect(judgedBefore(runs, "c-9", "fp:other")).toBe(1);
});
