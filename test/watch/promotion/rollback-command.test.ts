import { afterAll, beforeAll, expect, it } from "vitest";
import type { BrokenCheck } from "../../../pipelines/roll-back-when-broken.ts";
import type { Scratch } from "../../scratch.ts";
import { checkedAt, deployedPumps, logged, off, setRollback } from "./pumps.ts";

const command = ["rollback", "pump", "--when-broken", "--now", "2001-04-16T06:00:00Z"] as const;

let scratch: Scratch;
beforeAll(async () => {
  scratch = await deployedPumps(off);
});
afterAll(() => scratch[Symbol.dispose]());

it("asks for a config that asks for something", async () => {
  const told = await scratch.mergeml(...command);
  expect(told.code).toBe(2);
  expect(told.stderr).toContain("rollback.when of pump asks for nothing");
  expect(told.stderr).toContain("rollback: { when: { error_rate: 5% } }");
});

it.each<[string, string[], string]>([
  ["a version and a condition", [...command, "--to", "1"], "--to and --when-broken exclude each other"],
  ["a time by hand", ["rollback", "pump", "--now", "2001-04-16"], "--now says where to look with --when-broken"],
  ["no length of time", [...command, "--window", "week"], "--window week is not a length of time"],
  ["no model", ["rollback", "pumb", "--when-broken"], "there is no model pumb"],
])("refuses %s", async (_title, args, message) => {
  const told = await scratch.mergeml(...args);
  expect(told.code).toBe(2);
  expect(told.stderr).toContain(message);
});

it("does nothing while the limits are kept, and says so", async () => {
  setRollback(scratch, "{ when: { outside_reference: 99% } }");
  const tip = scratch.git("ls-remote", "origin", "registry");
  const told = await scratch.mergeml(...command);
  expect(told).toMatchObject({ code: 0, stderr: expect.any(String) });
  expect(told.stdout).toBe(
    `Limits of rollback.when: v2 keeps its limits. From 2001-04-09 12:00 UTC to 2001-04-16 00:00 UTC, where at least 50 rows count:
- 92.3% of 156 predictions are outside of the reference range (limit 99%)
`,
  );
  expect(scratch.git("ls-remote", "origin", "registry")).toBe(tip);
});

it("cannot tell from too few rows", async () => {
  setRollback(scratch, "{ when: { error_rate: 5% } }");
  const told = await scratch.facts<BrokenCheck>(command, 4);
  expect(told).toMatchObject({ version: 2, done: null, decision: { action: "nothing", sound: false } });
});

it("is advised by mergeml drift, takes the promotion back once, and is told afterwards", async () => {
  setRollback(scratch, "{ when: { error_rate: 5%, worse_than_previous: true } }");
  await logged(scratch, { more: ", CASE WHEN id % 2 = 0 THEN 'timeout' END AS error" });
  const drift = await scratch.mergeml("drift", "pump", "--now", "2001-04-16T06:00:00Z");
  expect(drift.stdout).toContain(
    `Limits of rollback.when: v2 breaks error_rate and worse_than_previous; v1 was there before. From 2001-04-09 12:00 UTC`,
  );
  expect(drift.stdout).toContain("- broken: 50% of 72 requests failed (limit 5%)");
  expect(drift.stdout).toContain("To go back to v1: mergeml rollback pump --when-broken");

  const done = await scratch.facts<BrokenCheck>(command);
  expect(done).toMatchObject({
    model: "pump",
    version: 2,
    done: { from: 2, to: 1 },
    decision: { action: "roll back" },
  });
  const message = scratch.git("log", "-1", "--format=%B", "origin/registry");
  expect(message).toContain('Revert "promote(pump): 1 -> 2"');
  expect(message).toMatch(
    /\nAutomatic: rollback\.when\nReason: 50% of 72 requests failed \(limit 5%\); rmse is [\d.]+ on 72 labelled rows, v1's is [\d.]+ on the same: worse by [\d.]+ \(99% interval [\d.]+ … [\d.]+\), from 2001-04-09T12:00:00\.000Z to 2001-04-16T00:00:00\.000Z\n/,
  );
  expect((await scratch.mergeml("history", "pump")).stdout).toMatch(
    /rollback +2 -> 1 .*50% of 72 requests failed \(limit 5%\)/,
  );
  const status = await scratch.mergeml("status");
  expect(status.stdout).toContain("pump: v1 came back by an automatic rollback: 50% of 72 requests failed (limit 5%)");
  expect(status.stdout).toContain("held: v2 was rolled back");
  expect((await scratch.mergeml("verify")).code).toBe(0);

  // Asked again, of v1 this time: it came into production after that window.
  const again = await scratch.facts<BrokenCheck>(command, 4);
  expect(again).toMatchObject({ version: 1, done: null });
  expect((await checkedAt(scratch, "2001-04-16T06:00:00Z")).rollback?.decision.action).toBe("nothing");
  // No run deploys v2 again.
  expect(await scratch.facts(["run", "pump"])).toMatchObject({ state: "held" });
  expect(await scratch.facts<BrokenCheck>(command, 4)).toMatchObject({ version: 1 });
});
