import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";
import { madeScratch, makeScratch } from "../../scratch.ts";

/** main and registry of a repository whose model was deployed twice by the mergeml of commit 380d991, 21 November 2026. */
const bundle = join(import.meta.dirname, "november-21.bundle");

it("goes on where an earlier mergeml has been: reads, verifies, goes back, deploys", async () => {
  using scratch = await madeScratch(
    "earlier",
    () => makeScratch({ model: false }),
    async ({ root, git }) => {
      execFileSync(
        "git",
        ["fetch", "-q", bundle, "main:refs/heads/then", "refs/remotes/origin/registry:refs/heads/registry"],
        {
          cwd: root,
        },
      );
      git("reset", "-q", "--hard", "then");
      git("push", "-qf", "origin", "main", "registry");
      git("branch", "-qD", "then", "registry");
      git("fetch", "-q");
    },
  );
  const { mergeml, facts } = scratch;
  expect((await mergeml("verify")).stdout).toContain("1 model, 2 versions, 2 promotions");
  const plan = await mergeml("plan");
  expect(plan.stdout).toMatch(/rent +changed .*trainer gradient-boosting version 2 of mergeml 0\.1\.0 → \d/);
  await facts(["rollback", "rent"]);
  await facts(["run", "rent"]);
  expect(await facts<object>(["status"])).toMatchObject({ models: [{ model: "rent", production: 3 }] });
  expect((await mergeml("verify")).stdout).toContain("1 model, 3 versions, 4 promotions");
});
