import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeScratch, modelYaml } from "../../scratch.ts";

const yaml = (params: string) => modelYaml({ type: "neural-network", params });

test("a candidate's record says which backend trained it, and has the curve", async () => {
  using scratch = makeScratch();
  scratch.write("models/rent/model.yaml", yaml("{ backend: wasm, epochs: 20, early_stopping: 20 }"));
  const { directory } = await scratch.facts<{ directory: string }>(["train", "rent"]);
  const folder = join(scratch.root, directory);
  const texts = readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .map((name) => readFileSync(join(folder, name), "utf8"));
  const record = texts.find((text) => text.includes('"environment"'));
  expect(record).toMatch(/"backend": ?"wasm"/);
  expect(record).toMatch(/"tfjs": ?"4\.22\.0"/);
  expect(record).toContain('"validation rmse"');
});

test("mistakes in params are shown where they are", async () => {
  using scratch = makeScratch({ remote: false });
  scratch.write("models/rent/model.yaml", yaml("{ hidden: [0], optimizer: sdg, learning_rate: 0 }"));
  const { code, stderr } = await scratch.mergeml("train", "rent");
  expect(code).toBe(2);
  expect(stderr).toContain("params.hidden[0] must be a whole number from 1 to 8192, not 0");
  expect(stderr).toContain('params.optimizer must be adam, sgd or rmsprop, not "sdg"');
  expect(stderr).toContain("params.learning_rate must be a number above 0 and at most 10, not 0");
});

test("training that diverges ends with exit code 2 and the way to mend it", async () => {
  using scratch = makeScratch({ remote: false });
  scratch.write("models/rent/model.yaml", yaml("{ backend: wasm, optimizer: sgd, learning_rate: 10, l2: 1 }"));
  const { code, stderr } = await scratch.mergeml("train", "rent");
  expect(code).toBe(2);
  expect(stderr).toContain("Training diverged in epoch 1 of 50: the loss is not a finite number any more.");
  expect(stderr).toContain("Lower `params.learning_rate`, e.g. from 10 to 1.");
});
