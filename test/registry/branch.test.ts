import { describe, expect, it } from "vitest";
import { silentLog } from "../../pipelines/ports/host.ts";
import { openRegistry } from "../../pipelines/registry/registry.ts";
import { deploy, makeSandbox, ticking } from "./builders.ts";

describe("the branch", () => {
  it("is created once, as an orphan with its index and merge rule", async () => {
    using sandbox = makeSandbox();
    const { registry, plain, origin } = sandbox;
    const first = await registry.init();
    expect(first).toEqual({ tip: sandbox.tip(), created: true, remote: "origin" });
    expect(await registry.init()).toEqual({ ...first, created: false });
    expect(plain(["ls-tree", "-r", "--name-only", "registry"], origin).split("\n")).toEqual([
      ".gitattributes",
      "README.md",
      "registry.json",
    ]);
    expect(plain(["show", "registry:.gitattributes"], origin)).toContain("README.md merge=union");
    expect(plain(["show", "registry:README.md"], origin)).toContain("git revert --abort");
  });

  it("stays local in a repository without a remote", async () => {
    using sandbox = makeSandbox({ remote: false });
    const { registry, plain } = sandbox;
    expect(await registry.init()).toMatchObject({ created: true, remote: null });
    await deploy(registry, { tag: "a", rmse: 500 });
    await deploy(registry, { tag: "b", rmse: 400 });
    expect(await registry.rollback("rent")).toMatchObject({ from: 2, to: 1 });
    expect(await registry.verify()).toMatchObject({ problems: [], notes: [], versions: 2, promotions: 3 });
    expect(plain(["rev-parse", "--abbrev-ref", "HEAD"])).toBe("main");
  });

  it("is not moved under a work tree that has it checked out", async () => {
    using sandbox = makeSandbox({ remote: false });
    const { registry, plain, work } = sandbox;
    await registry.init();
    plain(["switch", "-q", "registry"]);
    await expect(deploy(registry, { tag: "a", rmse: 500 })).rejects.toThrow(
      `the registry branch registry is checked out in ${work}, so it cannot be written to`,
    );
    plain(["switch", "-q", "main"]);
    expect(await deploy(registry, { tag: "a", rmse: 500 })).toMatchObject({ version: 1 });
  });

  it("can have another name and be on another remote", async () => {
    using sandbox = makeSandbox();
    const { git, store, plain, origin } = sandbox;
    plain(["remote", "rename", "origin", "upstream"]);
    const settings = { git, store, branch: "models/registry", clock: ticking(), log: silentLog };
    const registry = openRegistry({ ...settings, remote: "upstream" });
    await registry.init();
    await deploy(registry, { tag: "a", rmse: 500 });
    expect(plain(["log", "-1", "--format=%s", "models/registry"], origin)).toBe("promote(rent): none -> 1");
  });

  it("is read as last seen without fetching, when asked", async () => {
    using sandbox = makeSandbox();
    const { registry, plain, folder } = sandbox;
    await registry.init();
    await deploy(registry, { tag: "a", rmse: 500 });
    plain(["remote", "set-url", "origin", `${folder}/gone.git`]);
    const snapshot = await registry.snapshot({ fetch: false });
    expect(await snapshot.production("rent")).toMatchObject({ version: 1 });
  });

  it("of a newer format, or that is no registry, is refused", async () => {
    using sandbox = makeSandbox();
    const { registry, plain } = sandbox;
    plain(["push", "-q", "origin", "main:registry"]);
    await expect(registry.snapshot()).rejects.toThrow(
      "registry.json on the registry branch is missing: this is not a registry branch",
    );
    await expect(registry.init()).rejects.toThrow("branch registry on origin is not a registry");
    const blob = plain(["hash-object", "-w", "--stdin"], sandbox.work, '{ "format": 2 }');
    const tree = plain(["mktree"], sandbox.work, `100644 blob ${blob}\tregistry.json\n`);
    plain(["push", "-q", "--force", "origin", `${plain(["commit-tree", tree, "-m", "Newer"])}:refs/heads/registry`]);
    await expect(registry.snapshot()).rejects.toThrow("the registry has format 2, this mergeml reads format 1");
  });

  it("signs its commits when the user's git does", async () => {
    using sandbox = makeSandbox();
    const { plain, registry, folder, origin } = sandbox;
    plain(["config", "gpg.program", "/bin/false"]);
    plain(["config", "commit.gpgSign", "true"]);
    await expect(registry.init()).rejects.toThrow("the commit could not be signed");
    const { writeFileSync, chmodSync } = await import("node:fs");
    const program = `${folder}/sign`;
    writeFileSync(program, '#!/bin/sh\ncat >/dev/null\necho "[GNUPG:] SIG_CREATED " >&2\necho "signed by nobody"\n');
    chmodSync(program, 0o755);
    plain(["config", "gpg.program", program]);
    await registry.init();
    await deploy(registry, { tag: "a", rmse: 500 });
    const commit = plain(["cat-file", "commit", "registry"], origin);
    expect(commit).toContain("gpgsig signed by nobody");
    expect(commit).toContain("promote(rent): none -> 1");
    expect((await registry.verify()).problems).toEqual([]);
  });

  it("is verified from a commit that was found sound, by what came after it", async () => {
    using sandbox = makeSandbox();
    const { registry, plain, origin } = sandbox;
    await registry.init();
    await deploy(registry, { tag: "a", rmse: 500 });
    const since = sandbox.tip();
    await deploy(registry, { model: "other", tag: "a", rmse: 500 });
    await deploy(registry, { tag: "b", rmse: 400 });
    const sound = { problems: [], notes: [] };
    const newer = { ...sound, models: 2, versions: 2, promotions: 2, since };
    expect(await registry.verify({ since })).toEqual(newer);
    expect(await registry.firstOf(["0".repeat(40), since, sandbox.tip()])).toBe(since);
    // A rollback brings back a version that was registered before.
    await registry.rollback("rent");
    expect(await registry.verify({ since: sandbox.tip() })).toMatchObject({ ...sound, versions: 0, promotions: 0 });
    const back = plain(["rev-parse", "registry~1"], origin);
    expect(await registry.verify({ since: back })).toMatchObject({ ...sound, versions: 1, promotions: 1 });
    // From what is no ancestor, everything.
    const aside = plain(["commit-tree", "-m", "aside", "main^{tree}"]);
    expect(await registry.verify({ since: aside })).toMatchObject({
      ...sound,
      versions: 3,
      promotions: 4,
      since: null,
    });
    expect(await registry.firstOf([aside])).toBeNull();
  });
});
