import { describe, expect, it } from "vitest";
import { runSeason } from "../../../scripts/bench/drift/run-season.ts";
import { dependences } from "../../../scripts/bench/drift/simulate.ts";
import { runDependent } from "../../../scripts/bench/drift/tell-dependent.ts";

/** A short version of `npm run bench:drift`: two years a kind, so that the bounds are wide. */
describe("a feed that does not drift", () => {
  it.each([
    ["groups of 3 equal rows", "key"],
    ["day effects of 0.3 sd", "time"],
    ["AR(1) days of 0.2 sd, 0.6 from day to day", "key"],
  ] as const)("hardly alarms: %s, split by %s", (name, split) => {
    const { alarms, unaware, persistent, detected } = runDependent(
      dependences.find((each) => each.name === name)!,
      split,
      2,
    );
    expect(unaware.count / unaware.of).toBeGreaterThan(0.25);
    expect(alarms.count / alarms.of).toBeLessThan(0.1);
    expect(persistent.count).toBeLessThanOrEqual(2);
    expect(detected.count / detected.of).toBeGreaterThan(0.5);
  });
});

describe("a season that never changes", () => {
  it("is no drift to a model that saw two years of it, and what comes on top of it is", async () => {
    const { alarms, unaware, detected } = await runSeason(9, 5);
    expect(alarms.count).toBeLessThanOrEqual(1);
    expect(unaware.count).toBeGreaterThanOrEqual(6);
    expect(detected.count).toBe(detected.of);
  });
});
