import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import type { Json } from "../../../pipelines/config/canonical-json.ts";
import { silentLog } from "../../../pipelines/ports/host.ts";
import { loadTensorFlow } from "../../../pipelines/training/neural-network/tensorflow.ts";
import { grades, train } from "./training.ts";

const params: Record<string, Json> = {
  epochs: 4,
  dropout: 0.3,
  l2: 0.001,
  early_stopping: 2,
  class_weight: "balanced",
};
const table = grades(300, ["a", "b", "c"]);

async function digest(changes: Record<string, Json> = {}, seed = 7): Promise<string> {
  const { model } = await train(table, { params: { ...params, ...changes }, seed });
  return createHash("sha256").update(model.onnx).digest("hex");
}

test.each(["wasm", "cpu"])(
  "%s: the same input gives the same bytes, in this process and in another; another seed gives others",
  async (backend) => {
    const here = await digest({ backend });
    expect(await digest({ backend })).toBe(here);
    expect(await digest({ backend }, 8)).not.toBe(here);
    const file = join(import.meta.dirname, "digest-process.ts");
    const there = execFileSync(process.execPath, [file, JSON.stringify({ ...params, backend })], {
      encoding: "utf8",
      timeout: 60_000,
    });
    expect(there).toBe(here);
  },
);

test("two trainings at once do not disturb each other", async () => {
  const alone = [await digest({ epochs: 6 }), await digest({ dropout: 0 })];
  expect(await Promise.all([digest({ epochs: 6 }), digest({ dropout: 0 })])).toEqual(alone);
});

test("training leaves no tensors and no listeners behind, prints nothing, and asks no clock-seeded randomness", async () => {
  const { core } = await loadTensorFlow("wasm", silentLog);
  const printed = [vi.spyOn(console, "warn"), vi.spyOn(console, "log"), vi.spyOn(console, "error")];
  const random = vi.spyOn(Math, "random");
  const counts = () => [
    core.memory().numTensors,
    process.listenerCount("uncaughtException"),
    process.listenerCount("unhandledRejection"),
  ];
  const before = counts();
  await digest();
  await digest({ optimizer: "rmsprop" });
  await digest({ optimizer: "sgd" });
  await expect(digest({ optimizer: "sgd", learning_rate: 10, l2: 10 })).rejects.toThrow("Training diverged");
  expect(counts()).toEqual(before);
  for (const spy of printed) expect(spy).not.toHaveBeenCalled();
  expect(random).not.toHaveBeenCalled();
});
