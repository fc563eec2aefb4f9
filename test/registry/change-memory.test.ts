import { expect, it } from "vitest";
import { silentLog } from "../../pipelines/ports/host.ts";
import type { RememberedChanges } from "../../pipelines/registry/pointer-changes.ts";
import { openRegistry } from "../../pipelines/registry/registry.ts";
import { deploy, makeSandbox, ticking } from "./builders.ts";

it("tells the same with what an earlier call remembered as without, whatever came since", async () => {
  using sandbox = makeSandbox();
  const { registry, plain, git, store } = sandbox;
  let remembered: RememberedChanges | null = null;
  const memory = {
    read: async () => remembered,
    write: async (changes: RememberedChanges) => void (remembered = JSON.parse(JSON.stringify(changes))),
  };
  const clock = ticking();
  const remembering = openRegistry({ git, branch: "registry", clock, log: silentLog, store, memory });
  const models = ["quiet", "rent", "late", "unknown"];
  const same = async () => expect(await remembering.since(models)).toEqual(await registry.since(models));

  await registry.init();
  await deploy(registry, { model: "quiet", tag: "a", rmse: 500 });
  await deploy(registry, { tag: "a", rmse: 500 });
  await same();
  await same();
  const { promoteCommit } = await deploy(registry, { tag: "b", rmse: 400 });
  await deploy(registry, { model: "late", tag: "a", rmse: 500 });
  await same();
  const person = sandbox.checkout();
  plain(["revert", "--no-edit", promoteCommit!], person);
  plain(["push", "-q"], person);
  await same();
  expect((await remembering.since(["rent"])).get("rent")?.subject).toBe('Revert "promote(rent): 1 -> 2"');

  plain(["reset", "-q", "--hard", "HEAD~3"], person);
  plain(["commit", "-q", "--allow-empty", "-m", "Another history"], person);
  plain(["push", "-q", "--force"], person);
  await same();
});
