import { describe, expect, it } from "vitest";
import { silentLog } from "../../pipelines/ports/host.ts";
import { type Git, openGit } from "../../pipelines/registry/git/git.ts";
import { openRegistry, type Registry } from "../../pipelines/registry/registry.ts";
import { explainRevertConflict } from "../../pipelines/registry/revert-conflict.ts";
import { deploy, makeSandbox, type Sandbox, ticking } from "./builders.ts";

async function withDeployments(sandbox: Sandbox, count: number, model = "rent"): Promise<string[]> {
  const commits: string[] = [];
  for (let each = 1; each <= count; each += 1) {
    const done = await deploy(sandbox.registry, { model, tag: `${each}`, rmse: 500 - each });
    commits.push(done.promoteCommit!);
  }
  return commits;
}

async function production({ registry }: Sandbox, model = "rent"): Promise<number | null> {
  return (await (await registry.snapshot()).production(model))?.version ?? null;
}

describe("mergeml rollback", () => {
  it("writes what git revert of the last promotion would", async () => {
    using sandbox = makeSandbox();
    const { registry, plain, origin } = sandbox;
    await registry.init();
    const [, , last] = await withDeployments(sandbox, 3);
    expect(await registry.rollback("rent")).toEqual({ from: 3, to: 2, commit: sandbox.tip() });
    expect(plain(["log", "-1", "--format=%s%n%b", "registry"], origin)).toContain(
      `Revert "promote(rent): 2 -> 3"\nThis reverts commit ${last}.`,
    );
    expect(plain(["diff", "--name-only", "registry~1", "registry"], origin).split("\n")).toEqual([
      "README.md",
      "models/rent/production.json",
    ]);
    expect(plain(["rev-parse", `${last}^:models/rent/production.json`], origin)).toBe(
      plain(["rev-parse", "registry:models/rent/production.json"], origin),
    );
    expect(await registry.verify()).toMatchObject({ problems: [], notes: [], versions: 3 });
  });

  it("goes further back each time, to nothing after the first promotion", async () => {
    using sandbox = makeSandbox();
    const { registry } = sandbox;
    await registry.init();
    await withDeployments(sandbox, 2);
    expect(await registry.rollback("rent")).toMatchObject({ from: 2, to: 1 });
    expect(await registry.rollback("rent")).toMatchObject({ from: 1, to: null });
    expect(await production(sandbox)).toBeNull();
    await expect(registry.rollback("rent")).rejects.toThrow(
      "there is nothing to roll back: no version of rent is in production",
    );
    await expect(registry.rollback("unknown")).rejects.toThrow("no version of unknown is in production");
    expect(await registry.promote("rent", 2)).toMatchObject({ from: null, to: 2 });
    expect((await registry.verify()).problems).toEqual([]);
  });

  it("goes to a named version, promoted before or not, and back along what was there", async () => {
    using sandbox = makeSandbox();
    const { registry } = sandbox;
    await registry.init();
    await withDeployments(sandbox, 3);
    await deploy(registry, { tag: "never promoted", rmse: 100 }, false);
    expect(await registry.rollback("rent", { to: 1 })).toMatchObject({ from: 3, to: 1 });
    await expect(registry.rollback("rent", { to: 1 })).rejects.toThrow("rent@1 is in production already");
    await expect(registry.rollback("rent", { to: 9 })).rejects.toThrow("there is no rent@9 in the registry");
    expect(await registry.rollback("rent", { to: 4 })).toMatchObject({ from: 1, to: 4 });
    expect(await registry.rollback("rent")).toMatchObject({ from: 4, to: 1 });
    expect(await registry.rollback("rent")).toMatchObject({ from: 1, to: null });
    expect((await registry.verify()).problems).toEqual([]);
  });

  it("leaves a decision to whoever moved production meanwhile", async () => {
    let race: (() => Promise<unknown>) | undefined;
    using sandbox = makeSandbox();
    const { registry, plain, origin } = sandbox;
    await registry.init();
    await withDeployments(sandbox, 2);
    const slow = overtaken(sandbox, () => race?.());
    race = () => deploy(registry, { tag: "newer", rmse: 100 });
    await expect(slow.rollback("rent")).rejects.toThrow(
      "production of rent changed to v3 while v2 was being rolled back; nothing was written",
    );
    race = () => registry.rollback("rent");
    expect(await slow.rollback("rent")).toEqual({
      from: 3,
      to: 2,
      commit: plain(["rev-parse", "registry"], origin),
    });
  });
});

/** A registry that is overtaken by `race` just before the first push of each write. */
function overtaken({ git, store }: Sandbox, race: () => Promise<unknown> | undefined): Registry {
  let pushes = 0;
  const slow: Git = {
    ...git,
    async run(args, options) {
      if (args[0] === "push" && pushes++ % 2 === 0) await race();
      return git.run(args, options);
    },
  };
  const clock = ticking(Date.UTC(2027, 0, 1));
  return openRegistry({ git: slow, store, clock, branch: "registry", log: silentLog, random: () => 0 });
}

describe("plain git revert", () => {
  it("of the last promotion rolls back, whatever other models did since", async () => {
    using sandbox = makeSandbox();
    const { registry, plain } = sandbox;
    await registry.init();
    await withDeployments(sandbox, 2, "alpha");
    const [, last] = await withDeployments(sandbox, 2);
    await withDeployments(sandbox, 3, "beta");
    await withDeployments(sandbox, 1, "zeta");
    const person = sandbox.checkout();
    plain(["revert", "--no-edit", last!], person);
    plain(["push", "-q"], person);
    expect(await production(sandbox)).toBe(1);
    expect(await production(sandbox, "beta")).toBe(3);
    const found = await registry.verify();
    expect(found.problems).toEqual([]);
    expect(found.notes[0]).toContain("README.md is not up to date");
    await deploy(registry, { tag: "next", rmse: 100 });
    expect(await registry.verify()).toMatchObject({ problems: [], notes: [] });
  });

  it("of the first promotion undeploys the model and keeps its version", async () => {
    using sandbox = makeSandbox();
    const { registry, plain } = sandbox;
    await registry.init();
    const [first] = await withDeployments(sandbox, 1);
    await withDeployments(sandbox, 1, "other");
    const person = sandbox.checkout();
    plain(["revert", "--no-edit", first!], person);
    plain(["push", "-q"], person);
    const snapshot = await registry.snapshot();
    expect([...(await snapshot.productions()).keys()]).toEqual(["other"]);
    expect(await snapshot.versions("rent")).toEqual([1]);
    expect((await registry.verify()).problems).toEqual([]);
  });

  it("of an older promotion conflicts, and we explain what to do", async () => {
    using sandbox = makeSandbox();
    const { registry, plain, env } = sandbox;
    await registry.init();
    const [, second] = await withDeployments(sandbox, 3);
    const person = sandbox.checkout();
    const git = openGit(person, { env });
    expect(await explainRevertConflict(git)).toBeNull();
    expect(() => plain(["revert", "--no-edit", second!], person)).toThrow("could not revert");
    expect(plain(["diff", "--name-only", "--diff-filter=U"], person)).toBe("models/rent/production.json");
    const told = await explainRevertConflict(git);
    expect(told).toContain(`A git revert of ${second!.slice(0, 7)} (promote(rent): 1 -> 2) stopped on a conflict`);
    expect(told).toContain("git revert --abort\n  mergeml history rent\n  mergeml rollback rent --to <version>");
    plain(["revert", "--abort"], person);
    expect(await explainRevertConflict(git)).toBeNull();
    expect(await registry.rollback("rent", { to: 1 })).toMatchObject({ from: 3, to: 1 });
  });

  it("of a revert puts the version back", async () => {
    using sandbox = makeSandbox();
    const { registry, plain } = sandbox;
    await registry.init();
    await withDeployments(sandbox, 2);
    const person = sandbox.checkout();
    plain(["revert", "--no-edit", "HEAD"], person);
    plain(["revert", "--no-edit", "HEAD"], person);
    plain(["push", "-q"], person);
    expect(await production(sandbox)).toBe(2);
    expect(await registry.rollback("rent")).toMatchObject({ from: 2, to: 1 });
    expect((await registry.verify()).problems).toEqual([]);
  });

  it("left with the marks of a conflict is refused by every reader", async () => {
    using sandbox = makeSandbox();
    const { registry, plain } = sandbox;
    await registry.init();
    const [, second] = await withDeployments(sandbox, 3);
    const person = sandbox.checkout();
    expect(() => plain(["revert", "--no-edit", second!], person)).toThrow("could not revert");
    plain(["commit", "-qam", "Whatever"], person);
    plain(["push", "-q"], person);
    const message = "models/rent/production.json on the registry branch still has the marks of a merge conflict";
    await expect(production(sandbox)).rejects.toThrow(message);
    expect((await registry.verify()).problems.map((each) => each.message)).toContain(message);
    expect(await registry.rollback("rent", { to: 3 })).toMatchObject({ from: null, to: 3 });
    expect(await production(sandbox)).toBe(3);
  });
});
