import { describe, expect, it } from "vitest";
import { silentLog } from "../../pipelines/ports/host.ts";
import { openRegistry } from "../../pipelines/registry/registry.ts";
import { findRemote } from "../../pipelines/registry/remote.ts";
import { deploy, makeSandbox, memoryStore, type Sandbox, ticking } from "./builders.ts";

interface Case {
  title: string;
  remotes: string[];
  /** Branch and the remote that it tracks. */
  tracks?: [string, string][];
  /** What a clone noted as a remote's default branch. */
  head?: string;
  wanted?: string;
  found: string | null | RegExp;
}

const cases: Case[] = [
  { title: "no remote", remotes: [], found: null },
  { title: "the only one, whatever its name", remotes: ["github"], found: "github" },
  {
    title: "the one that main tracks",
    remotes: ["origin", "upstream"],
    tracks: [["main", "upstream"]],
    found: "upstream",
  },
  { title: "the one that master tracks", remotes: ["a", "b.c/d"], tracks: [["master", "b.c/d"]], found: "b.c/d" },
  { title: "not what a topic tracks", remotes: ["a", "origin"], tracks: [["topic", "a"]], found: "origin" },
  {
    title: "the one that the default branch of a clone tracks",
    remotes: ["origin", "company"],
    tracks: [["trunk", "company"]],
    head: "refs/remotes/origin/trunk",
    found: "company",
  },
  { title: "not an address or a local branch", remotes: ["a", "origin"], tracks: [["main", "."]], found: "origin" },
  { title: "the one that is asked for", remotes: ["origin", "upstream"], wanted: "upstream", found: "upstream" },
  {
    title: "none when the one that is asked for is not there",
    remotes: ["origin"],
    wanted: "upstream",
    found: /mergeml\.yaml says remote: upstream, but this repository has the remote origin/,
  },
  {
    title: "none when nothing tells which",
    remotes: ["a", "b"],
    found: /has the remotes a, b, and its main branch tracks none of them/,
  },
];

describe("the remote of the registry is", () => {
  it.each(cases)("$title", async ({ remotes, tracks = [], head, wanted, found }) => {
    using sandbox = makeSandbox({ remote: false });
    const { git, plain } = sandbox;
    for (const remote of remotes) plain(["config", `remote.${remote}.url`, "https://u:secret@example.org/x.git"]);
    for (const [branch, remote] of tracks) plain(["config", `branch.${branch}.remote`, remote]);
    if (head) plain(["update-ref", head, "HEAD"]);
    if (head) plain(["symbolic-ref", "refs/remotes/origin/HEAD", head]);
    const asked = findRemote(git, wanted);
    if (found instanceof RegExp) await expect(asked).rejects.toThrow(found);
    else expect(await asked).toBe(found);
  });
});

function open({ git }: Sandbox, told: string[] = []) {
  const log = { ...silentLog, warn: (message: string) => told.push(message) };
  return openRegistry({ git, branch: "registry", clock: ticking(), log, store: memoryStore(), random: () => 0 });
}

it("a deploy in a repository whose only remote is called github is pushed there", async () => {
  using sandbox = makeSandbox();
  sandbox.plain(["remote", "rename", "origin", "github"]);
  const registry = open(sandbox);
  expect(await registry.init()).toMatchObject({ created: true, remote: "github" });
  await deploy(registry, { tag: "a", rmse: 500 });
  expect(await registry.remote()).toBe("github");
  expect(sandbox.plain(["log", "-1", "--format=%s", "registry"], sandbox.origin)).toBe("promote(rent): none -> 1");
});

describe("a registry that is not where it is looked for", () => {
  it("in a clone of a fork is told of, and found once main tracks the project", async () => {
    using sandbox = makeSandbox();
    const { plain, folder, origin } = sandbox;
    const project = open(sandbox);
    await project.init();
    await deploy(project, { tag: "a", rmse: 500 });
    plain(["push", "-q", "origin", "main"]);
    plain(["clone", "-q", "--bare", "--single-branch", "--branch", "main", origin, "fork.git"], folder);
    plain(["remote", "set-url", "origin", `${folder}/fork.git`]);
    plain(["update-ref", "-d", "refs/remotes/origin/registry"]);
    plain(["remote", "add", "upstream", origin]);
    plain(["fetch", "-q", "upstream"]);
    const told: string[] = [];
    const fork = open(sandbox, told);
    expect(await (await fork.snapshot()).models()).toEqual([]);
    await fork.snapshot();
    expect(told).toEqual([
      "there is no branch registry on origin, but one on upstream. To use that one let main track it (git branch --set-upstream-to=upstream/main main), or write remote: upstream in mergeml.yaml",
    ]);
    await expect(fork.init()).rejects.toThrow("there is no branch registry on origin, but one on upstream");
    plain(["branch", "-q", "--set-upstream-to=upstream/main", "main"]);
    expect(await (await open(sandbox).snapshot()).models()).toEqual(["rent"]);
  });

  it("but was kept on a local branch before there was a remote is told of, and can be pushed", async () => {
    using sandbox = makeSandbox({ remote: false });
    const { plain, folder } = sandbox;
    await open(sandbox).init();
    await deploy(open(sandbox), { tag: "a", rmse: 500 });
    plain(["init", "-q", "--bare", "github.git"], folder);
    plain(["remote", "add", "github", `${folder}/github.git`]);
    const told =
      "there is no branch registry on github, but a local branch registry, which nobody else sees. To go on with it: git push github registry";
    await expect(open(sandbox).init()).rejects.toThrow(told);
    plain(["push", "-q", "github", "registry"]);
    expect(await (await open(sandbox).snapshot()).models()).toEqual(["rent"]);
  });
});
