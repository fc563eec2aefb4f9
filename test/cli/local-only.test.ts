import { expect, it } from "vitest";
import { makeScratch } from "../scratch.ts";

it("a registry in this repository alone is told by every command that changes it", async () => {
  using scratch = makeScratch({ remote: false });
  const local =
    /\nLocal only: this repository has no remote, so the registry is its own branch registry, and nobody else/;
  expect((await scratch.mergeml("init")).stdout).toMatch(local);
  expect((await scratch.mergeml("run", "rent")).stdout).toMatch(local);
  expect((await scratch.mergeml("rollback", "rent")).stdout).toMatch(local);
  expect((await scratch.mergeml("promote", "rent@1")).stdout).toMatch(local);
  expect(await scratch.facts(["rollback", "rent"])).toMatchObject({ remote: null });
});
