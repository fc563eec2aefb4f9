import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Scratch } from "../../scratch.ts";
import { checkedAt, deployedPumps, logged, off, openAt, setRollback } from "./pumps.ts";

let scratch: Scratch;
beforeAll(async () => {
  scratch = await deployedPumps(off);
});
beforeEach(() => rmSync(join(scratch.root, "predictions"), { recursive: true, force: true }));
afterAll(() => scratch[Symbol.dispose]());

/** The condition's finding and the decision of a check at that time. */
async function judged(rollback: string, time = "2001-04-16T06:00:00Z") {
  setRollback(scratch, rollback);
  const { rollback: judgement } = await checkedAt(scratch, time);
  return { finding: judgement?.evidence.findings[0], ...judgement };
}

describe("error_rate", () => {
  const when = "{ when: { error_rate: 5% } }";

  it("counts the requests since the promotion that the log says failed", async () => {
    const error = ", CASE WHEN id % 8 = 0 THEN 'timeout' END AS error";
    await logged(scratch, { more: error, prediction: "CASE WHEN id % 8 > 0 THEN wear END" });
    const { finding, evidence, decision } = await judged(when);
    expect(finding).toEqual({ condition: "error_rate", state: "measured", rows: 72, share: 9 / 72, limit: 0.05 });
    expect(evidence).toMatchObject({
      version: 2,
      window: { from: "2001-04-09T12:00:00.000Z", to: "2001-04-16T00:00:00.000Z" },
      least: 50,
    });
    expect(decision).toMatchObject({ action: "roll back", from: 2, to: 1 });
  });

  it.each<[string, Parameters<typeof logged>[1], object]>([
    ["keeps its limit", { more: ", CASE WHEN id % 40 = 0 THEN 'timeout' END AS error" }, { share: 2 / 72 }],
    ["takes an empty text for served", { more: ", '' AS error" }, { share: 0 }],
    ["needs rows", { more: ", 'down' AS error", hours: 49 }, { state: "too few rows", rows: 49 }],
    ["does not count other versions", { more: ", 'down' AS error", version: 1 }, { state: "too few rows", rows: 0 }],
    [
      "is not known without the column",
      {},
      { state: "unknown", reason: "the prediction log has no column error of texts" },
    ],
    [
      "is not known from a column of another type",
      { more: ", false AS error" },
      { state: "unknown", reason: "the prediction log has no column error of texts" },
    ],
  ])("%s", async (_title, log, finding) => {
    await logged(scratch, log);
    const found = await judged(when);
    expect(found.finding).toMatchObject(finding);
    expect(found.decision).toMatchObject({ action: "nothing" });
  });

  it("is not known without a log", async () => {
    const { finding } = await judged(when);
    expect(finding).toMatchObject({ state: "unknown", reason: "there is no prediction log in predictions/pump" });
  });
});

describe("outside_reference", () => {
  const when = "{ when: { outside_reference: 20% } }";

  it("is the share of predictions beyond those on the test split", async () => {
    // Wear is at most 38: a third is far beyond, some are no numbers, and a null is no prediction.
    const prediction =
      "CASE id % 6 WHEN 0 THEN 1000.0 WHEN 1 THEN -50 WHEN 2 THEN 'nan'::DOUBLE WHEN 3 THEN NULL ELSE 20 END";
    await logged(scratch, { prediction });
    const { finding, decision } = await judged(when);
    expect(finding).toMatchObject({ state: "measured", rows: 60, share: 36 / 60, limit: 0.2 });
    expect(decision).toMatchObject({ action: "roll back" });
  });

  it("is nothing when the predictions are as they were", async () => {
    await logged(scratch, { prediction: "20 + id % 10" });
    const { finding, decision } = await judged(when);
    expect(finding).toMatchObject({ state: "measured", rows: 72, share: 0 });
    expect(decision).toEqual({ action: "nothing", sound: true, why: "v2 keeps its limits" });
  });
});

describe("worse_than_previous", () => {
  const when = "{ when: { worse_than_previous: true } }";

  it("scores both versions on the labelled rows since the promotion", async () => {
    const { finding, decision, evidence } = await judged(when);
    // v2 reads a sensor that says 0, so it is wrong by about the whole wear; v1 by the noise of the data.
    expect(finding).toMatchObject({ state: "measured", metric: "rmse", direction: "min", previous: 1, rows: 156 });
    if (finding?.state !== "measured" || finding.condition !== "worse_than_previous") throw new Error("not compared");
    expect(finding.values.previous).toBeLessThan(3);
    expect(finding.values.current).toBeGreaterThan(10);
    expect(finding.difference.low).toBeGreaterThan(7);
    expect(finding.difference.confidence).toBe(0.99);
    expect(evidence?.window.from).toBe("2001-04-09T12:00:00.000Z");
    expect(decision).toMatchObject({ action: "roll back", from: 2, to: 1 });
  });

  it("scores what the log says the features were, and not what was answered", async () => {
    await logged(scratch, { prediction: "-1000" });
    const { finding } = await judged(when);
    expect(finding).toMatchObject({ state: "measured", rows: 72 });
    if (finding?.state !== "measured" || finding.condition !== "worse_than_previous") throw new Error("not compared");
    expect(finding.values.current).toBeLessThan(100);
  });

  it("needs labelled rows", async () => {
    await logged(scratch, { hours: 40 });
    expect((await judged(when)).finding).toMatchObject({ state: "too few rows", rows: 40 });
  });

  it("is not known when a version needs a column that the rows lack", async () => {
    await logged(scratch, { columns: "load" });
    const { finding, decision } = await judged(when);
    const reason = "v2 needs sensor, which the rows lack or have as another type";
    expect(finding).toEqual({ condition: "worse_than_previous", state: "unknown", reason });
    expect(decision).toMatchObject({ action: "nothing", sound: false });
  });

  it("is not known without labels", async () => {
    await logged(scratch, { key: "'x' || id" });
    expect((await judged(when)).finding).toMatchObject({ state: "too few rows", rows: 0 });
  });
});

it("says nothing of a version by rows from before its promotion", async () => {
  await logged(scratch, { more: ", 'down' AS error" });
  const { evidence, decision } = await judged(
    "{ when: { error_rate: 5%, outside_reference: 20% } }",
    "2001-04-09T13:00:00Z",
  );
  expect(evidence?.findings).toEqual([
    { condition: "error_rate", state: "too few rows", rows: 0 },
    { condition: "outside_reference", state: "too few rows", rows: 0 },
  ]);
  expect(decision).toMatchObject({ action: "nothing", sound: false });
});

it("is not asked when the config does not ask", async () => {
  expect((await checkedAt(scratch, "2001-04-16T06:00:00Z")).rollback).not.toBeNull();
  setRollback(scratch, off);
  expect((await checkedAt(scratch, "2001-04-16T06:00:00Z")).rollback).toBeNull();
});

it("is asked anew of what a rollback brought back, and of what a person put back, and leaves both", async () => {
  const when = "{ when: { worse_than_previous: true, outside_reference: 0% } }";
  setRollback(scratch, when);
  const workspace = await openAt(scratch, "2001-04-16T06:00:00Z");
  expect(await workspace.registry.rollback("pump")).toMatchObject({ from: 2, to: 1 });
  const back = await judged(when, "2001-04-24T06:00:00Z");
  expect(back.evidence).toMatchObject({ version: 1, window: { from: "2001-04-17T00:00:00.000Z" } });
  expect(back.evidence?.findings[1]).toMatchObject({
    state: "unknown",
    reason: "no version was in production before it",
  });
  await workspace.registry.promote("pump", 2);
  expect((await judged(when, "2001-04-24T06:00:00Z")).decision).toMatchObject({
    action: "held",
    why: expect.stringContaining("put it back on purpose after it had been in production before"),
  });
});
