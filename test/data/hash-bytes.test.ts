import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { sha256 } from "../../pipelines/config/canonical-json.ts";
import { hashBytes } from "../../pipelines/data/hash-file.ts";
import { checkModel } from "../../pipelines/registry/stored-model.ts";
import { scratchProject } from "./feature-project.ts";

/** Milliseconds of processor time that this thread takes for the longest of its turns while something is done. */
async function longestTurn(work: () => Promise<unknown>): Promise<number> {
  let [isDone, longest] = [false, 0];
  const turn = (last: number): void => {
    const { user, system } = process.threadCpuUsage();
    longest = Math.max(longest, user + system - last);
    if (!isDone) setImmediate(turn, user + system);
  };
  const { user, system } = process.threadCpuUsage();
  setImmediate(turn, user + system);
  await work();
  await new Promise(setImmediate);
  isDone = true;
  return longest / 1000;
}

test.each([0, 1, 70_001, 4 * 1024 * 1024, 20 * 1024 * 1024 + 3])("%i bytes have their hash", async (length) => {
  const bytes = randomBytes(length);
  expect(await hashBytes(bytes)).toBe(sha256(bytes));
});

test("a server that takes a large model from a store answers meanwhile", async () => {
  await using project = await scratchProject();
  const model = randomBytes(64 * 1024 * 1024);
  const name = sha256(model);
  const atOnce = await longestTurn(async () => sha256(model));
  for (const work of [
    () => project.store.putBlob(model),
    () => project.store.readBlob(name),
    () => checkModel(model, name, "model.onnx").catch(() => {}), // no model, but that is looked for later
  ])
    expect(await longestTurn(work)).toBeLessThan(atOnce / 3);
});
