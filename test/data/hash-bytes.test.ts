import { Hash, randomBytes } from "node:crypto";
import { expect, test, vi } from "vitest";
import { sha256 } from "../../pipelines/config/canonical-json.ts";
import { hashBytes } from "../../pipelines/data/hash-file.ts";
import { checkModel } from "../../pipelines/registry/stored-model.ts";
import { scratchProject } from "./feature-project.ts";

/** Bytes that the thread of the test hashes while something is done; other threads have a class of their own. */
async function hashedHere(work: () => unknown): Promise<number> {
  const update = vi.spyOn(Hash.prototype, "update");
  await work();
  const lengths = update.mock.calls.map(([data]) => (data as unknown as string | Uint8Array).length);
  update.mockRestore();
  return lengths.reduce((sum, length) => sum + length, 0);
}

test.each([0, 1, 70_001, 4 * 1024 * 1024, 20 * 1024 * 1024 + 3])("%i bytes have their hash", async (length) => {
  const bytes = randomBytes(length);
  expect(await hashBytes(bytes)).toBe(sha256(bytes));
});

test("a server that takes a large model from a store answers meanwhile: it is hashed by another thread", async () => {
  await using project = await scratchProject();
  const model = randomBytes(64 * 1024 * 1024);
  let name = "";
  expect(await hashedHere(() => (name = sha256(model)))).toBe(model.length);
  for (const work of [
    () => project.store.putBlob(model),
    () => project.store.readBlob(name),
    () => checkModel(model, name, "model.onnx").catch(() => {}), // no model, but that is looked for later
  ])
    expect(await hashedHere(work)).toBeLessThan(10_000); // names and records
});
