import { afterAll, beforeAll, expect, it } from "vitest";
import type { Scratch } from "../../scratch.ts";
import { checkedAt, deployedPumps } from "./pumps.ts";

let scratch: Scratch;
beforeAll(async () => {
  scratch = await deployedPumps("{ when: { worse_than_previous: true, outside_reference: 20% } }", "state");
});
afterAll(() => scratch[Symbol.dispose]());

it("takes back a classifier whose labels and probabilities speak against it", async () => {
  const { rollback } = await checkedAt(scratch, "2001-04-16T06:00:00Z");
  expect(rollback?.decision).toMatchObject({ action: "roll back", from: 2, to: 1 });
  const [outside, worse] = rollback?.evidence.findings ?? [];
  // A sensor that says 0 makes v2 surer of "fine" than it ever was.
  expect(outside).toMatchObject({ condition: "outside_reference", state: "measured", rows: 156, limit: 0.2 });
  expect(worse).toMatchObject({ condition: "worse_than_previous", state: "measured", rows: 156, metric: "log_loss" });
  if (worse?.state !== "measured" || worse.condition !== "worse_than_previous") throw new Error("not compared");
  expect(worse.values.previous).toBeLessThan(0.3);
  expect(worse.values.current).toBeGreaterThan(1);
});

it("asks for more the longer one looks, and sees this all the same", async () => {
  const { rollback } = await checkedAt(scratch, "2001-06-25T06:00:00Z");
  expect(rollback?.evidence.window).toEqual({ from: "2001-06-18T00:00:00.000Z", to: "2001-06-25T00:00:00.000Z" });
  const worse = rollback?.evidence.findings.find(({ condition }) => condition === "worse_than_previous");
  // The eleventh window since the promotion.
  expect(worse).toMatchObject({ rows: 168, difference: { confidence: 1 - 0.02 / (11 * 12) } });
  expect(rollback?.decision).toMatchObject({ action: "roll back" });
});
