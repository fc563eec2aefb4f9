import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { makeScratch } from "../../scratch.ts";

const example = join(import.meta.dirname, "../../../models/examples/awk");

it("the example in sh and awk trains a model that is deployed and can be made again", async () => {
  using scratch = makeScratch();
  cpSync(example, join(scratch.root, "models/awk"), { recursive: true });
  scratch.write("models/awk/features.sql", "SELECT id, size, rooms, city, rent FROM 'flats.csv'\n");
  const yaml = readFileSync(join(example, "model.yaml"), "utf8").replace("target: price", "target: rent\n  key: id");
  scratch.write("models/awk/model.yaml", yaml);
  await scratch.facts(["init"]);
  expect(await scratch.facts(["run", "awk"])).toMatchObject({ state: "deployed", version: 1 });
  expect(await scratch.facts(["reproduce", "awk@1"])).toMatchObject({ identical: true });
});
