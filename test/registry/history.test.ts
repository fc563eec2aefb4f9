import { describe, expect, it } from "vitest";
import { buildCandidate, deploy, makeSandbox, type Sandbox } from "./builders.ts";

async function told({ registry }: Sandbox, model = "rent"): Promise<string[]> {
  return (await registry.history(model)).map(({ action, from, to }) => `${action} ${from} ${to}`);
}

describe("history", () => {
  it("tells registrations, promotions and rollbacks by what commits changed, whatever they say", async () => {
    using sandbox = makeSandbox();
    const { registry, plain } = sandbox;
    await registry.init();
    await deploy(registry, { tag: "a", rmse: 500 });
    await deploy(registry, { model: "other", tag: "a", rmse: 500 });
    await deploy(registry, { tag: "b", rmse: 400 });
    const person = sandbox.checkout();
    plain(["revert", "--no-commit", "HEAD"], person);
    plain(["commit", "-qm", "Put things right", "--author", "Grace <grace@example.org>"], person);
    plain(["push", "-q"], person);
    await registry.promote("rent", 2);
    await registry.rollback("rent");
    await registry.rollback("rent");
    expect(await told(sandbox)).toEqual([
      "rollback 1 null",
      "rollback 2 1",
      "promote 1 2",
      "rollback 2 1",
      "promote 1 2",
      "register null 2",
      "promote null 1",
      "register null 1",
    ]);
    const [, , , revert] = await registry.history("rent");
    expect(revert).toMatchObject({ by: "Grace", subject: "Put things right", pullRequest: null });
    expect(await registry.history("unknown")).toEqual([]);
  });

  it("carries the pull request of the trailers and the commit's time", async () => {
    using sandbox = makeSandbox();
    await sandbox.registry.init();
    const options = { tag: "a", rmse: 500 };
    const { record } = await sandbox.registry.register({
      ...buildCandidate(options),
      pullRequest: 41,
      promote: false,
      judgeAgain: () => Promise.reject(new Error("not needed")),
    });
    const [entry] = await sandbox.registry.history("rent");
    expect(entry).toMatchObject({ action: "register", pullRequest: 41, by: "Ada", time: record.registered });
  });
});

describe("since", () => {
  it("is the last real change of each pointer, a plain revert and an edited message included", async () => {
    using sandbox = makeSandbox();
    const { registry, plain } = sandbox;
    await registry.init();
    const first = await deploy(registry, { model: "quiet", tag: "a", rmse: 500 });
    await deploy(registry, { tag: "a", rmse: 500 });
    await deploy(registry, { model: "edited", tag: "a", rmse: 500 });
    await deploy(registry, { model: "edited", tag: "b", rmse: 400 });
    const { promoteCommit } = await deploy(registry, { tag: "b", rmse: 400 });
    const person = sandbox.checkout();
    plain(["revert", "--no-edit", promoteCommit!], person);
    const reverted = plain(["rev-parse", "HEAD"], person);
    plain(["revert", "--no-commit", "HEAD~3"], person);
    plain(["commit", "-qm", "Undo", "--author", "Grace <grace@example.org>"], person);
    const undone = plain(["rev-parse", "HEAD"], person);
    plain(["commit", "-q", "--allow-empty", "-m", "promote(quiet): 1 -> 2"], person);
    plain(["push", "-q"], person);
    await deploy(registry, { tag: "c", rmse: 300 }, false);
    const since = await registry.since(["quiet", "rent", "edited", "unknown"]);
    expect(since.get("quiet")).toMatchObject({ commit: first.promoteCommit, by: "Ada" });
    expect(since.get("rent")).toMatchObject({ commit: reverted, subject: 'Revert "promote(rent): 1 -> 2"' });
    expect(since.get("edited")).toMatchObject({ commit: undone, by: "Grace", subject: "Undo" });
    expect(since.has("unknown")).toBe(false);
  });
});

describe("findByDefinition", () => {
  it("finds the version of a definition, and whether it was in production", async () => {
    using sandbox = makeSandbox();
    const { registry } = sandbox;
    await registry.init();
    const definitionOf = (tag: string) => buildCandidate({ tag, rmse: 1 }).candidate.definition;
    await deploy(registry, { tag: "a", rmse: 500 });
    await deploy(registry, { tag: "b", rmse: 400 });
    await deploy(registry, { tag: "c", rmse: 300 }, false);
    await registry.rollback("rent");
    const snapshot = await registry.snapshot();
    const find = (tag: string) => registry.findByDefinition("rent", definitionOf(tag), snapshot);
    expect(await find("b")).toEqual({ version: 2, promotedBefore: true, rolledBack: true });
    expect(await find("c")).toEqual({ version: 3, promotedBefore: false, rolledBack: false });
    expect(await find("new")).toBeNull();
    expect(await registry.findByDefinition("other", definitionOf("a"), snapshot)).toBeNull();
  });
});
