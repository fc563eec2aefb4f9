import { describe, expect, it } from "vitest";
import { findRun, listRuns } from "../../pipelines/run-log/list-runs.ts";
import type { RunRecord } from "../../pipelines/run-log/run-record.ts";
import { makeRun, minutesLater } from "./builders.ts";

const scored = (minutes: number, metric: string, direction: "min" | "max", candidate: number | null) =>
  makeRun({ time: minutesLater(minutes), metrics: [{ metric, direction, candidate, production: null }] });
const scores = (runs: readonly RunRecord[]) => runs.map(({ metrics }) => metrics[0]?.candidate);

describe("a list of runs", () => {
  it.each([
    ["a loss, the smallest first", "rmse", "min", [3, 1, null, 2], [1, 2, 3, null]],
    ["a score, the largest first", "r2", "max", [3, 1, null, 2], [3, 2, 1, null]],
    ["a bias, the nearest to zero first", "bias", "min", [-3, 1, null, 2], [1, 2, -3, null]],
  ] as const)("is sorted by %s, those without a value last", (_title, metric, direction, given, sorted) => {
    const runs = given.map((value, at) => scored(-at, metric, direction, value));
    expect(scores(listRuns(runs, { sort: metric }))).toEqual(sorted);
    expect(scores(listRuns(runs, { sort: metric, limit: 2 }))).toEqual(sorted.slice(0, 2));
  });

  it("names the metric that was meant", () => {
    expect(() => listRuns([makeRun()], { sort: "rsme" })).toThrow("no run has a metric rsme");
  });

  it("tells what changed from the model's run before, nested params by their path", () => {
    const newest = makeRun({ time: minutesLater(2), params: { trees: 20, fit: { rate: 0.2 } }, seed: 8 });
    const other = makeRun({ time: minutesLater(1), model: "price" });
    const oldest = makeRun({ params: { trees: 20, fit: { rate: 0.1 }, depth: 3 } });
    const [first, second, third] = listRuns([newest, other, oldest], {});
    expect(first?.changed).toEqual([
      { name: "seed", before: 7, after: 8 },
      { name: "fit.rate", before: 0.1, after: 0.2 },
      { name: "depth", before: 3, after: undefined },
    ]);
    expect([second?.changed, third?.changed]).toEqual([null, null]);
  });

  it("shows a candidate once, with the version it became", () => {
    const candidate = `c-${"7".repeat(64)}`;
    const registered = makeRun({ time: minutesLater(2), candidate, event: "register", version: 3 });
    const again = makeRun({ time: minutesLater(3), candidate });
    const trained = makeRun({ candidate });
    const listed = listRuns([again, registered, trained, makeRun({ time: minutesLater(-1) })], {});
    expect(listed.map(({ id, version }) => [id, version])).toEqual([
      [again.id, 3],
      [makeRun({ time: minutesLater(-1) }).id, null],
    ]);
    expect(listed[0]?.changed).toEqual([]);
  });
});

describe("a run's id", () => {
  const candidate = `c-${"7".repeat(64)}`;
  const runs = Array.from({ length: 40 }, (_, at) =>
    makeRun({ time: minutesLater(-at), candidate: at < 2 ? candidate : null }),
  );
  const alike = runs.map((run, at) => ({ ...run, id: `r-abcd${at % 2}${run.id.slice(7)}` }));

  it("is found by a prefix, with and without r-", () => {
    const [run] = runs;
    expect(findRun(runs, run!.id.slice(0, 14))).toBe(run);
    expect(findRun(runs, run!.id.slice(2, 14))).toBe(run);
    expect(findRun(runs, "c-7777")).toBe(run);
  });

  it.each([
    ["unknown", "r-00000000000000", "no run has an id that begins with r-00000000000000"],
    ["too short", "r-1", "r-1 is not the id of a run"],
    ["no id", "../rent", "../rent is not the id of a run"],
    [
      "ambiguous",
      "r-abcd",
      /^40 runs have an id that begins with r-abcd: r-abcd\w{8} \(rent, 2026-11-21T08:25\), .*, …$/,
    ],
  ])("is refused when it is %s", (_title, prefix, message) => {
    expect(() => findRun(alike, prefix)).toThrow(message);
  });
});
