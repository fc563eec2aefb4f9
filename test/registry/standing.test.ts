import { expect, it } from "vitest";
import { standingOf } from "../../pipelines/registry/standing.ts";
import { deploy, makeSandbox, type Sandbox, ticking } from "./builders.ts";

/** `deploy`, `promote N`, `rollback` or `rollback N`, one after the other. */
async function live({ registry }: Sandbox, steps: readonly string[]): Promise<void> {
  await registry.init();
  let versions = 0;
  for (const step of steps) {
    const [verb, number] = step.split(" ");
    if (verb === "deploy") await deploy(registry, { tag: `${++versions}`, rmse: 500 - versions });
    else if (verb === "promote") await registry.promote("rent", Number(number));
    else await registry.rollback("rent", number ? { to: Number(number) } : {});
  }
}

it.each<[string, string[], number, number | null]>([
  ["a promotion twice, and a rollback onto it", ["deploy", "deploy", "promote 1", "deploy", "rollback"], 1, 2],
  ["the same, to a version by its number", ["deploy", "deploy", "promote 1", "deploy", "rollback 1"], 1, null],
  ["back and forth", ["deploy", "deploy", "promote 1", "promote 2"], 2, 1],
  ["after all was taken back", ["deploy", "deploy", "rollback", "rollback", "promote 2"], 2, null],
])("every reader names the same version before: %s", async (_title, steps, version, previous) => {
  using sandbox = makeSandbox({ clock: ticking() });
  const { registry } = sandbox;
  await live(sandbox, steps);
  const deployments = await registry.deployments("rent");
  const standing = standingOf(deployments);
  expect(standing).toMatchObject({ version, previous: previous === null ? null : { version: previous } });
  const history = await registry.history("rent");
  expect(history.filter(({ action }) => action !== "register")).toEqual(deployments.moves.toReversed());
  const judged = { promotion: standing!.promotion, reason: "it broke" };
  const automatic = await registry.rollbackPromotion("rent", judged);
  expect(automatic?.to ?? null).toBe(previous);
  const { to } = automatic ?? (await registry.rollback("rent"));
  expect(to).toBe(previous);
  expect((await registry.deployments("rent")).rolledBack).toContain(version);
});

it("a version that was put back after a rollback counts as taken back by none of them", async () => {
  using sandbox = makeSandbox({ clock: ticking() });
  const { registry } = sandbox;
  await live(sandbox, ["deploy", "deploy", "rollback", "promote 2"]);
  const snapshot = await registry.snapshot();
  const { definition } = (await snapshot.record("rent", 2)).candidate;
  expect(await registry.findByDefinition("rent", definition, snapshot)).toMatchObject({
    version: 2,
    promotedBefore: true,
    rolledBack: false,
  });
  expect([...(await registry.deployments("rent")).rolledBack]).toEqual([]);
});
