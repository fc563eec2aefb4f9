import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { deploy, makeSandbox, type Sandbox } from "./builders.ts";

const shadow = { mode: "shadow", share: null } as const;
const tenth = { mode: "split", share: 0.1 } as const;

/** Version 1 in production, and version 2 registered. */
async function withTwo(sandbox: Sandbox): Promise<void> {
  await sandbox.registry.init();
  await deploy(sandbox.registry, { tag: "1", rmse: 500 });
  await deploy(sandbox.registry, { tag: "2", rmse: 490 }, false);
}

const challengerOf = async ({ registry }: Sandbox) => (await registry.snapshot()).challenger("rent");
const productionOf = async ({ registry }: Sandbox) => (await (await registry.snapshot()).production("rent"))?.version;
const sound = { problems: [], notes: [] };

describe("a challenger", () => {
  it("is a pointer beside production that says on what the version is tried", async () => {
    using sandbox = makeSandbox();
    const { registry, plain, origin } = sandbox;
    await withTwo(sandbox);
    expect(await challengerOf(sandbox)).toBeNull();
    const named = await registry.challenge("rent", 2, tenth);
    expect(named).toMatchObject({ before: null, challenger: { version: 2, ...tenth }, commit: sandbox.tip() });
    expect(await challengerOf(sandbox)).toEqual(named.challenger);
    const file = JSON.parse(plain(["show", "registry:models/rent/challenger.json"], origin)) as unknown;
    const record = await (await registry.snapshot()).record("rent", 2);
    const binding = { version: 2, model: record.candidate.model.sha256, record: record.digest };
    expect(file).toEqual({ ...binding, ...tenth, by: expect.any(String), since: expect.any(String) });
    expect(plain(["log", "-1", "--format=%s", "registry"], origin)).toBe("challenge(rent): 2 on 10% of the requests");
    expect(plain(["show", "registry:README.md"], origin)).toMatch(
      /\| challenger \|[\s\S]*v2\]\(.*\) on 10% of the requests \|/,
    );
    expect(await registry.verify()).toMatchObject({ ...sound, promotions: 1 });
    expect(await productionOf(sandbox)).toBe(1);
  });

  it("is written once, changed, and ended", async () => {
    using sandbox = makeSandbox();
    const { registry, plain, origin } = sandbox;
    await withTwo(sandbox);
    const index = plain(["show", "registry:README.md"], origin);
    await registry.challenge("rent", 2, shadow);
    expect(await registry.challenge("rent", 2, shadow)).toMatchObject({ commit: null, before: { version: 2 } });
    expect(await registry.challenge("rent", 2, tenth)).toMatchObject({ before: shadow, challenger: tenth });
    expect(await registry.stopChallenge("rent")).toMatchObject({ before: { version: 2 }, challenger: null });
    expect(plain(["log", "-1", "--format=%s", "registry"], origin)).toBe("challenge(rent): stop 2");
    expect(await registry.stopChallenge("rent")).toEqual({ before: null, challenger: null, commit: null });
    expect(await challengerOf(sandbox)).toBeNull();
    expect(plain(["show", "registry:README.md"], origin)).toBe(index);
    expect(await registry.verify()).toMatchObject(sound);
  });

  it("is no longer one once it is promoted, also after the revert of that promotion", async () => {
    using sandbox = makeSandbox();
    const { registry, plain, origin } = sandbox;
    await withTwo(sandbox);
    await registry.challenge("rent", 2, tenth);
    expect(await registry.promote("rent", 2)).toMatchObject({ from: 1, to: 2, commit: sandbox.tip() });
    expect(plain(["log", "-2", "--format=%s", "registry"], origin)).toBe(
      "promote(rent): 1 -> 2\nchallenge(rent): promoted 2",
    );
    expect(await challengerOf(sandbox)).toBeNull();
    expect(await registry.rollback("rent")).toMatchObject({ from: 2, to: 1 });
    expect(await challengerOf(sandbox)).toBeNull();
    expect(await registry.verify()).toMatchObject(sound);
    expect([...(await registry.since(["rent"])).values()]).toMatchObject([{ commit: sandbox.tip() }]);
  });

  it("stays when another version is promoted or rolled back", async () => {
    using sandbox = makeSandbox();
    const { registry } = sandbox;
    await withTwo(sandbox);
    await registry.challenge("rent", 2, shadow);
    await deploy(registry, { tag: "3", rmse: 480 });
    expect([await productionOf(sandbox), (await challengerOf(sandbox))?.version]).toEqual([3, 2]);
    await registry.rollback("rent");
    expect([await productionOf(sandbox), (await challengerOf(sandbox))?.version]).toEqual([1, 2]);
    expect(await registry.verify()).toMatchObject(sound);
  });

  it("is refused without production, as production itself, and as what is not registered", async () => {
    using sandbox = makeSandbox();
    const { registry } = sandbox;
    await withTwo(sandbox);
    await expect(registry.challenge("rent", 1, shadow)).rejects.toThrow("rent@1 is in production itself");
    await expect(registry.challenge("rent", 7, shadow)).rejects.toThrow("there is no rent@7 in the registry");
    await registry.rollback("rent");
    await expect(registry.challenge("rent", 2, shadow)).rejects.toThrow(
      "rent has nothing in production that rent@2 could challenge",
    );
  });

  it.each([
    ["another version's hashes", { version: 1 }, /names another record of rent@1 than/],
    ["no such version", { version: 9 }, /names rent@9, and there is no such version/],
    ["no share", { mode: "split", share: 1 }, /is neither a shadow nor a split/],
    ["a shadow with a share", { mode: "shadow" }, /is neither a shadow nor a split/],
  ])("with %s is damage, which hides nothing of production", async (_title, change, expected) => {
    using sandbox = makeSandbox();
    const { registry } = sandbox;
    await withTwo(sandbox);
    const { challenger } = await registry.challenge("rent", 2, tenth);
    const checkout = sandbox.checkout();
    writeFileSync(join(checkout, "models/rent/challenger.json"), JSON.stringify({ ...challenger, ...change }));
    sandbox.plain(["commit", "-qam", "Edit the challenger"], checkout);
    sandbox.plain(["push", "-q"], checkout);
    await expect(challengerOf(sandbox)).rejects.toThrow(expected);
    expect(await productionOf(sandbox)).toBe(1);
    const { problems } = await registry.verify();
    expect(problems.map(({ message }) => message).join("\n")).toMatch(/challenger\.json|tries rent@9/);
    await registry.stopChallenge("rent");
    expect(await challengerOf(sandbox)).toBeNull();
  });
});
