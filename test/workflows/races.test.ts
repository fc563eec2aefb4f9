import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { production } from "./pull-request.ts";
import { serveRelease } from "./release.ts";
import { makeCallerRepository, type TestRepository } from "./repository.ts";

const deploy = ".github/workflows/model-deploy.yml";

/** Merges a change of one model's params into main, and leaves main at it. */
function change({ git, root, write }: TestRepository, model: string, trees: number) {
  const path = `models/${model}/model.yaml`;
  write(path, readFileSync(join(root, path), "utf8").replace(/^params:.*$/m, `params: { trees: ${trees} }`));
  git("commit", "-qam", `Give ${model} ${trees} trees`);
  git("push", "-q", "origin", "main");
}

const pushed = { ref: "refs/heads/main" };

it("ends in a correct registry when two merges deploy at once, and when a merge meets a rollback", async () => {
  await using release = await serveRelease();
  await using repository = await makeCallerRepository(release);
  const { git, root, run } = repository;
  repository.mergeml("init", "--actions", "mergeml/mergeml@v0.1.0");
  cpSync(join(root, "models/flats"), join(root, "models/houses"), { recursive: true });
  const copied = "models/houses/model.yaml";
  repository.write(copied, readFileSync(join(root, copied), "utf8").replace("name: flats", "name: houses"));
  // In point mode fewer or more trees may win or lose; these may be as good as before.
  for (const model of ["flats", "houses"]) {
    const path = `models/${model}/model.yaml`;
    const text = readFileSync(join(root, path), "utf8");
    repository.write(
      path,
      text.replace(/^thresholds:$/m, "thresholds:\n  retrain: { mode: non-inferior, margin: 100% }"),
    );
  }
  git("add", ".");
  git("commit", "-qm", "Add two models");
  git("push", "-q", "origin", "main");
  for (const model of ["flats", "houses"]) repository.mergeml("run", model);
  expect([production(repository, "flats"), production(repository, "houses")]).toEqual([1, 1]);

  // The second merge changes one model again: both runs deploy flats, and only the newer one houses.
  change(repository, "flats", 70);
  change(repository, "houses", 60);
  const one = repository.clone("one");
  change(repository, "houses", 80);
  const two = repository.clone("two");
  const both = await Promise.all([one, two].map((cwd) => run("push", deploy, pushed, { cwd })));
  for (const { code, log } of both) expect(code, log).toBe(0);
  expect(both[0]?.log).toMatch(/houses: not deployed: [0-9a-f]{7} has another config since/);
  expect(repository.mergeml("plan")).toMatch(/houses +unchanged +v2 in production/);
  expect([production(repository, "flats"), production(repository, "houses")]).toEqual([2, 2]);
  expect(repository.mergeml("verify")).toContain("2 models, 4 versions");

  change(repository, "flats", 90);
  const three = repository.clone("three");
  const rollback = { inputs: { model: "flats", to: "" } };
  const met = await Promise.all([
    run("push", deploy, pushed, { cwd: three }),
    run("workflow_dispatch", ".github/workflows/rollback.yml", rollback, { cwd: two }),
  ]);
  for (const { code, log } of met) expect(code, log).toBe(0);
  // Who came last decides; either way every promotion is a whole one with a verdict that was given against what it replaced.
  expect([1, 2, 3]).toContain(production(repository, "flats"));
  expect(production(repository, "houses")).toBe(2);
  expect(repository.mergeml("verify")).toContain("2 models, 5 versions");
});
