import { expect, test } from "vitest";
import { UserError } from "../../pipelines/errors/expected-error.ts";
import { silentLog } from "../../pipelines/ports/host.ts";
import { linear } from "../../pipelines/training/linear/index.ts";
import { trainModel } from "../../pipelines/training/train-model.ts";
import { findTrainer, trainers } from "../../pipelines/training/trainers.ts";
import { numbers, regression, signatureOf } from "./tables.ts";

/** A default would change the definition of the models that were there before it. */
const withoutDefault = ["environment"];

test.each(trainers)("$name documents itself: a summary, and each param with a description and a default", (trainer) => {
  expect(findTrainer(trainer.name)).toBe(trainer);
  expect(trainer.summary).not.toBe("");
  for (const [name, param] of Object.entries(trainer.paramsSchema.properties)) {
    expect(param).toMatchObject({ description: expect.any(String) });
    expect("default" in param, name).toBe(!withoutDefault.includes(name));
  }
});

test("an unknown trainer is an error with the names there are", () => {
  expect(() => findTrainer("liner")).toThrow(UserError);
  expect(() => findTrainer("liner")).toThrow("There is no trainer `liner`.");
});

const table = regression([numbers("x", [1, 2])], [1, 2]);
const input = { table, params: { l2: 1, max_categories: 2 }, seed: 1, threads: 1, log: silentLog };

test("a task that the trainer lacks is the user's error", async () => {
  const trainer = { ...linear, tasks: ["regression" as const] };
  const training = trainModel({ ...input, trainer, task: "classification", signature: signatureOf(table) });
  await expect(training).rejects.toThrow("`type: linear` does regression, not classification.");
});

test("a model that does not fit the signature is a bug that shows at once", async () => {
  const signature = { features: [{ name: "y", kind: "number" as const }], classes: [] };
  const training = trainModel({ ...input, trainer: linear, task: "regression", signature });
  await expect(training).rejects.toThrow(/inputs do not match its features: there is no input "y"/);
});
