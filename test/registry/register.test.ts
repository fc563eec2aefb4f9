import { describe, expect, it } from "vitest";
import { buildCandidate, deploy, makeSandbox, registration } from "./builders.ts";

describe("register", () => {
  it("writes a version and its promotion as two commits in one push", async () => {
    using sandbox = makeSandbox();
    const { registry, plain, origin } = sandbox;
    await registry.init();
    const options = { tag: "a", rmse: 500 };
    const done = await registry.register({ ...registration(buildCandidate(options), options), pullRequest: 12 });
    expect(done).toMatchObject({ version: 1, alreadyRegistered: false, from: null });
    expect(plain(["log", "--format=%s", "registry"], origin).split("\n")).toEqual([
      "promote(rent): none -> 1",
      "register(rent): version 1",
      "Create the registry",
    ]);
    expect(plain(["log", "-1", "--format=%(trailers)", "registry"], origin).split("\n")).toEqual([
      "Model: rent",
      "Version: 1",
      `Candidate: ${done.record.candidate.id}`,
      "Pull-Request: 12",
      "Verdict: pass",
    ]);
    expect(plain(["rev-parse", "registry", "registry~1"], origin).split("\n")).toEqual([
      done.promoteCommit,
      done.registerCommit,
    ]);
    const snapshot = await registry.snapshot();
    expect(await snapshot.production("rent")).toMatchObject({
      version: 1,
      pull_request: 12,
      by: "Ada",
      record: done.record.digest,
    });
    expect(Buffer.from(await snapshot.modelBytes("rent", 1)).toString()).toBe("onnx of rent a");
    expect(await registry.verify()).toEqual({ problems: [], notes: [], models: 1, versions: 1, promotions: 1 });
  });

  it("numbers versions from 1 without gaps and leaves work tree, index and refs of the clone alone", async () => {
    using sandbox = makeSandbox();
    const { registry, plain } = sandbox;
    await registry.init();
    for (const [index, tag] of ["a", "b", "c"].entries()) await deploy(registry, { tag, rmse: 500 - index });
    const snapshot = await registry.snapshot();
    expect(await snapshot.versions("rent")).toEqual([1, 2, 3]);
    expect(plain(["status", "--porcelain"])).toBe("");
    expect(plain(["for-each-ref", "--format=%(refname)"]).split("\n")).toEqual([
      "refs/heads/main",
      "refs/remotes/origin/registry",
    ]);
  });
});
