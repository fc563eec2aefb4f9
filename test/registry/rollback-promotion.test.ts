import { describe, expect, it } from "vitest";
import { standingOf } from "../../pipelines/registry/standing.ts";
import { decideRollback } from "../../pipelines/watch/promotion/decide-rollback.ts";
import { errors, evidence } from "../watch/promotion/builders.ts";
import { deploy, makeSandbox, type Sandbox } from "./builders.ts";

const reason = "12% of 1,000 requests failed (limit 5%)";

async function twoVersions(sandbox: Sandbox): Promise<string> {
  await sandbox.registry.init();
  await deploy(sandbox.registry, { tag: "1", rmse: 500 });
  return (await deploy(sandbox.registry, { tag: "2", rmse: 490 })).promoteCommit!;
}

async function production({ registry }: Sandbox): Promise<number | null> {
  return (await (await registry.snapshot()).production("rent"))?.version ?? null;
}

describe("taking a judged promotion back", () => {
  it("is the revert commit, which says that it was automatic and why", async () => {
    using sandbox = makeSandbox();
    const { registry, plain, origin } = sandbox;
    const promotion = await twoVersions(sandbox);
    const done = await registry.rollbackPromotion("rent", { promotion, reason: `${reason}\nand a line` });
    expect(done).toEqual({ from: 2, to: 1, commit: sandbox.tip() });
    const message = plain(["log", "-1", "--format=%B", "registry"], origin);
    expect(message).toContain(
      `Revert "promote(rent): 1 -> 2"\n\nThis reverts commit ${promotion}.\n\nModel: rent\nVersion: 1\n`,
    );
    expect(message).toContain(`\nAutomatic: rollback.when\nReason: ${reason} and a line`);
    expect(await registry.verify()).toMatchObject({ problems: [], notes: [] });
    const [last, ...earlier] = await registry.history("rent");
    expect(last).toMatchObject({ action: "rollback", from: 2, to: 1, automatic: `${reason} and a line` });
    expect(earlier.map(({ automatic }) => automatic)).toEqual(earlier.map(() => null));
    expect((await registry.since(["rent"])).get("rent")).toMatchObject({ automatic: `${reason} and a line` });
    expect(standingOf(await registry.deployments("rent"))).toMatchObject({ version: 1, arrival: "rolled back to" });
  });

  it("by two runs at once is one revert, and the loser writes nothing", async () => {
    using sandbox = makeSandbox();
    const promotion = await twoVersions(sandbox);
    const { registry } = sandbox;
    const before = sandbox.plain(["rev-list", "--count", "registry"], sandbox.origin);
    const both = await Promise.all([1, 2, 3].map(() => registry.rollbackPromotion("rent", { promotion, reason })));
    expect(both.filter((each) => each !== null)).toHaveLength(1);
    expect(Number(sandbox.plain(["rev-list", "--count", "registry"], sandbox.origin))).toBe(Number(before) + 1);
    expect(await production(sandbox)).toBe(1);
    expect(await registry.rollbackPromotion("rent", { promotion, reason })).toBeNull();
    expect(await production(sandbox)).toBe(1);
  });

  it.each<[string, (sandbox: Sandbox) => Promise<unknown>, number | null]>([
    ["another version was deployed", ({ registry }) => deploy(registry, { tag: "3", rmse: 480 }), 3],
    ["a person rolled back", ({ registry }) => registry.rollback("rent"), 1],
    [
      "a person rolled back and put it back",
      async ({ registry }) => {
        await registry.rollback("rent");
        await registry.promote("rent", 2);
      },
      2,
    ],
    [
      "a person reverted the revert",
      async ({ registry, plain, ...sandbox }) => {
        await registry.rollback("rent");
        const person = sandbox.checkout();
        plain(["revert", "--no-edit", "HEAD"], person);
        plain(["push", "-q", "origin", "registry"], person);
      },
      2,
    ],
  ])("does nothing when meanwhile %s", async (_title, meanwhile, stays) => {
    using sandbox = makeSandbox();
    const promotion = await twoVersions(sandbox);
    await meanwhile(sandbox);
    const tip = sandbox.tip();
    expect(await sandbox.registry.rollbackPromotion("rent", { promotion, reason })).toBeNull();
    expect(sandbox.tip()).toBe(tip);
    expect(await production(sandbox)).toBe(stays);
  });

  it("leaves the first promotion, without which nothing would be in production", async () => {
    using sandbox = makeSandbox();
    await sandbox.registry.init();
    const { promoteCommit } = await deploy(sandbox.registry, { tag: "1", rmse: 500 });
    expect(await sandbox.registry.rollbackPromotion("rent", { promotion: promoteCommit!, reason })).toBeNull();
    expect(await production(sandbox)).toBe(1);
  });
});

it("never ping-pongs through weeks of bad windows on a real branch", async () => {
  using sandbox = makeSandbox();
  const { registry } = sandbox;
  await twoVersions(sandbox);
  const told: string[] = [];
  const week = async () => {
    const standing = standingOf(await registry.deployments("rent"))!;
    const judged = { version: standing.version, promotion: standing.promotion };
    const decision = decideRollback(evidence([errors()], judged), standing);
    if (decision.action === "roll back")
      await registry.rollbackPromotion("rent", { ...decision, reason: decision.why });
    told.push(`${standing.version} ${decision.action}`);
  };
  for (let each = 0; each < 3; each += 1) await week();
  await deploy(registry, { tag: "3", rmse: 480 });
  for (let each = 0; each < 2; each += 1) await week();
  await registry.promote("rent", 3);
  for (let each = 0; each < 2; each += 1) await week();
  await deploy(registry, { tag: "4", rmse: 470 });
  for (let each = 0; each < 2; each += 1) await week();
  expect(told).toEqual([
    ...["2 roll back", "1 held", "1 held"],
    ...["3 roll back", "1 held"],
    ...["3 held", "3 held"],
    // The one before was rolled back automatically once: nothing to go back to that is known to be good.
    ...["4 held", "4 held"],
  ]);
  expect((await registry.verify()).problems).toEqual([]);
});
