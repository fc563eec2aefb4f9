import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { deployed, modelYaml } from "./scratch.ts";

interface Status {
  models: { value: number; history: { version: number; metric: string; value: number }[] }[];
}

it("status draws the primary metric of the newest versions, and remembers it", async () => {
  using scratch = await deployed();
  const status = async () => (await scratch.facts<Status>(["status"])).models[0]!;
  const first = await status();
  expect(first.history).toEqual([{ version: 1, metric: "rmse", value: first.value }]);
  expect((await scratch.mergeml("status")).stdout).not.toMatch(/[▁█]/);
  for (const trees of [20, 40]) {
    scratch.write("models/rent/model.yaml", modelYaml({ params: `{ trees: ${trees}, max_leaves: 8 }` }));
    await scratch.facts(["run", "rent"]);
  }
  const { history, value } = await status();
  expect(history.map(({ version }) => version)).toEqual([1, 2, 3]);
  expect([history[0], history.at(-1)]).toEqual([first.history[0], { version: 3, metric: "rmse", value }]);
  const [headers = "", row = ""] = (await scratch.mergeml("status")).stdout.split("\n");
  expect(headers).toMatch(/rmse +versions +by/);
  expect(row).toMatch(/ █[▁-▇]▁ /);
  expect((await status()).history).toEqual(history);

  // A version whose record says nothing readable is left out, in whatever order it comes.
  const registry = scratch.clone("registry", "registry");
  writeFileSync(join(scratch.folder, "registry/models/rent/versions/2/version.json"), '{ "version": 2 }');
  registry("commit", "-qam", "Break a record");
  registry("push", "-q", "origin", "registry");
  expect((await status()).history.map(({ version }) => version)).toEqual([1, 3]);
});
