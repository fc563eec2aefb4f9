import { describe, expect, it } from "vitest";
import { deploy, makeSandbox, type Sandbox } from "./builders.ts";

/** Runs plain git in a person's checkout of the registry branch, at times given in minutes. */
type Person = (minute: number, ...args: string[]) => string;

const start = Date.UTC(2026, 0, 1);

function person({ plain, env, checkout }: Sandbox, name: string): Person {
  const folder = checkout(name);
  plain(["config", "pull.rebase", "false"], folder);
  return (minute, ...args) => {
    const date = `@${Math.floor((start + minute * 60_000) / 1000)} +0000`;
    Object.assign(env, { GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date, GIT_MERGE_AUTOEDIT: "no" });
    try {
      return plain(args, folder);
    } finally {
      for (const key of ["GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE", "GIT_MERGE_AUTOEDIT"]) delete env[key];
    }
  };
}

/** A sandbox whose clock is moved on to a minute. */
function timed(): { sandbox: Sandbox; at(minute: number): void } {
  let now = start;
  const sandbox = makeSandbox({ clock: { now: () => new Date((now += 1000)) } });
  return { sandbox, at: (minute) => (now = start + minute * 60_000) };
}

async function told({ registry }: Sandbox, model = "rent"): Promise<string[]> {
  return (await registry.history(model)).map(({ action, from, to }) => `${action} ${from} ${to}`);
}

async function production({ registry }: Sandbox, model = "rent"): Promise<number | null> {
  return (await (await registry.snapshot()).production(model))?.version ?? null;
}

describe("pull, then push, as everybody does", () => {
  it("leaves a sound registry whose history says who took what back, and goes on", async () => {
    const { sandbox, at } = timed();
    using _ = sandbox;
    const { registry } = sandbox;
    await registry.init();
    await deploy(registry, { tag: "a", rmse: 500 });
    await deploy(registry, { tag: "b", rmse: 400 });
    at(10);
    const git = person(sandbox, "person");
    git(20, "revert", "--no-edit", "HEAD");
    at(30);
    await deploy(registry, { model: "other", tag: "a", rmse: 500 });
    git(40, "pull", "-q");
    git(41, "push", "-q");
    expect(git(42, "log", "-1", "--format=%p").split(" ")).toHaveLength(2);

    const { problems, versions, promotions } = await registry.verify();
    expect({ problems, versions, promotions }).toEqual({ problems: [], versions: 3, promotions: 4 });
    expect(await production(sandbox)).toBe(1);
    expect(await told(sandbox)).toEqual([
      "rollback 2 1",
      "promote 1 2",
      "register null 2",
      "promote null 1",
      "register null 1",
    ]);
    const since = await registry.since(["rent", "other"]);
    expect(since.get("rent")?.subject).toBe('Revert "promote(rent): 1 -> 2"');
    expect(since.get("other")?.subject).toBe("promote(other): none -> 1");
    const snapshot = await registry.snapshot();
    const { candidate } = await snapshot.record("rent", 2);
    expect(await registry.findByDefinition("rent", candidate.definition, snapshot)).toMatchObject({ rolledBack: true });

    at(50);
    expect(await deploy(registry, { tag: "c", rmse: 300 })).toMatchObject({ version: 3, from: 1 });
    expect(await registry.rollback("rent")).toMatchObject({ from: 3, to: 1 });
    expect((await registry.verify()).problems).toEqual([]);
  });

  it.each([
    {
      keep: "--theirs",
      now: 3,
      history: ["promote 1 3", "rollback 3 1", "promote 2 3"],
    },
    { keep: "--ours", now: 1, history: ["rollback 3 1", "promote 2 3"] },
  ])(
    "of one model that both changed, kept $keep: production is what the merge says",
    async ({ keep, now, history }) => {
      const { sandbox, at } = timed();
      using _ = sandbox;
      const { registry } = sandbox;
      await registry.init();
      await deploy(registry, { tag: "a", rmse: 500 });
      await deploy(registry, { tag: "b", rmse: 400 });
      const git = person(sandbox, "person");
      at(20);
      await deploy(registry, { tag: "c", rmse: 300 });
      git(30, "revert", "--no-edit", "HEAD");
      expect(() => git(40, "pull", "-q")).toThrow();
      git(40, "checkout", keep, "models/rent/production.json");
      git(40, "add", "--all");
      git(40, "commit", "-q", "--no-edit");
      git(41, "push", "-q");
      expect((await registry.verify()).problems).toEqual([]);
      expect(await production(sandbox)).toBe(now);
      expect((await told(sandbox)).filter((each) => !each.startsWith("register")).slice(0, history.length)).toEqual(
        history,
      );
      expect((await registry.since(["rent"])).get("rent")).toMatchObject({ by: "Ada" });
      expect(await registry.rollback("rent")).toMatchObject({ from: now, to: now === 3 ? 1 : null });
      expect((await registry.verify()).problems).toEqual([]);
    },
  );
});

describe("a revert by pull request", () => {
  it.each([
    {
      title: "merged",
      merge: ["merge", "-q", "--no-ff", "-m", "Merge pull request #12 from ada/revert", "ada/revert"],
    },
    { title: "squashed", merge: ["merge", "-q", "--squash", "ada/revert"] },
    { title: "rebased", merge: ["cherry-pick", "ada/revert"] },
  ])("$title takes the promotion back", async ({ merge }) => {
    const { sandbox, at } = timed();
    using _ = sandbox;
    const { registry, plain } = sandbox;
    await registry.init();
    await deploy(registry, { tag: "a", rmse: 500 });
    await deploy(registry, { tag: "b", rmse: 400 });
    const git = person(sandbox, "person");
    git(10, "switch", "-qc", "ada/revert");
    git(10, "revert", "--no-edit", "HEAD");
    git(10, "switch", "-q", "registry");
    at(20);
    await deploy(registry, { model: "other", tag: "a", rmse: 500 });
    git(30, "pull", "-q", "--ff-only");
    git(40, ...merge);
    if (merge.includes("--squash")) git(40, "commit", "-qm", 'Revert "promote(rent): 1 -> 2" (#12)');
    git(41, "push", "-q");
    expect((await registry.verify()).problems).toEqual([]);
    expect(await production(sandbox)).toBe(1);
    expect((await told(sandbox))[0]).toBe("rollback 2 1");
    expect((await registry.since(["rent"])).get("rent")?.subject).toContain("promote(rent): 1 -> 2");
    expect(plain(["log", "-1", "--format=%s", "registry"], sandbox.origin)).not.toBe("promote(other): none -> 1");
  });
});

it("what was remembered before a merge does not hide what the merge brought", async () => {
  const { sandbox, at } = timed();
  using _ = sandbox;
  const { registry } = sandbox;
  await registry.init();
  await deploy(registry, { tag: "a", rmse: 500 });
  await deploy(registry, { tag: "b", rmse: 400 });
  const git = person(sandbox, "person");
  git(10, "revert", "--no-edit", "HEAD");
  at(20);
  await deploy(registry, { model: "other", tag: "a", rmse: 500 });
  const { readLastChanges } = await import("../../pipelines/registry/pointer-changes.ts");
  let kept: Parameters<NonNullable<Parameters<typeof readLastChanges>[3]>["write"]>[0] | null = null;
  const memory = {
    read: async () => kept,
    write: async (changes: NonNullable<typeof kept>) => {
      kept = changes;
    },
  };
  await readLastChanges(sandbox.git, sandbox.tip(), ["rent", "other"], memory);
  git(30, "pull", "-q");
  git(31, "push", "-q");
  const { tip } = await registry.snapshot();
  const found = await readLastChanges(sandbox.git, tip!, ["rent", "other"], memory);
  expect(found.get("rent")?.subject).toBe('Revert "promote(rent): 1 -> 2"');
  expect(found.get("other")?.subject).toBe("promote(other): none -> 1");
});
