import { describe, expect, it } from "vitest";
import type { CandidateRecord } from "../../../pipelines/registry/version-record.ts";
import { knownData, overlaps } from "../../../pipelines/watch/window/known-data.ts";

const day = (text: string) => `${text}T00:00:00.000Z`;

function candidate(window: { start: string; end: string } | null, created: string) {
  return { config: { features: { window } }, created } as unknown as CandidateRecord;
}

const span = (first: string, last: string) => ({ first: day(first), last: day(last) });
const times = { train: span("2001-01-02", "2001-03-10"), test: span("2001-03-11", "2001-03-30") };
const window = { start: "2001-01-01", end: "2001-04-01" };

describe("the data a version has", () => {
  it.each([
    ["its window, when that was over", window, "2026-01-01", times, ["2001-01-01", "2001-04-01"]],
    ["its window without times", window, "2026-01-01", null, ["2001-01-01", "2001-04-01"]],
    ["its last row, when the window was not over", window, day("2001-03-31"), times, ["2001-01-01", "2001-03-30"]],
    ["its training, when the window was not over and has no times", window, day("2001-03-20"), null, 20],
    ["its training, when rows come from the future", window, day("2001-03-20"), times, 20],
    ["its rows, without a window", null, "2026-01-01", times, ["2001-01-02", "2001-03-30"]],
    ["the split that has times", null, "2026-01-01", { train: null, test: times.test }, ["2001-03-11", "2001-03-30"]],
  ] as const)("ends with %s", (_title, written, created, known, expected) => {
    const found = knownData(candidate(written, created), known);
    const [from, to] = typeof expected === "number" ? ["2001-01-01", "2001-03-20"] : expected;
    const last = typeof expected !== "number" && (to === "2001-03-30" ? 1 : 0);
    expect(found).toEqual({ from: new Date(from), to: new Date(Date.parse(to) + Number(last)) });
  });

  it.each([
    ["neither a window nor times", null, "2026-01-01"],
    ["a window of the future", window, "2000-12-01"],
  ] as const)("is not known with %s", (_title, written, created) => {
    expect(knownData(candidate(written, created), null)).toBeNull();
  });
});

describe("a window", () => {
  const known = { from: new Date("2001-01-01"), to: new Date("2001-04-01") };
  it.each([
    ["is new when it is later", "2001-04-01", "2001-04-08", false],
    ["is new when it is earlier", "2000-12-25", "2001-01-01", false],
    ["overlaps the end", "2001-03-31T23:00", "2001-04-07", true],
    ["overlaps the start", "2000-12-28", "2001-01-04", true],
    ["overlaps from within", "2001-02-01", "2001-02-08", true],
    ["overlaps from around", "2000-12-01", "2001-05-01", true],
  ])("%s", (_title, from, to, expected) => {
    const interval = { from: new Date(`${from}Z`), to: new Date(`${to}Z`) };
    expect(overlaps(interval, known)).toBe(expected);
    expect(overlaps(interval, null)).toBe(false);
  });
});
