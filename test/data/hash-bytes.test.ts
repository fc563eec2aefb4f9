import { randomBytes } from "node:crypto";
import { expect, test, vi } from "vitest";
import { sha256 } from "../../pipelines/config/canonical-json.ts";
import { hashBytes } from "../../pipelines/data/hash-file.ts";
import { checkModel } from "../../pipelines/registry/stored-model.ts";
import { scratchProject } from "./feature-project.ts";

const hashedHere = vi.hoisted(() => ({ bytes: 0 }));

/** Counts the bytes that are hashed by the thread of the test; other threads have a module of their own. */
vi.mock("node:crypto", async (original) => {
  const crypto = await original<typeof import("node:crypto")>();
  return {
    ...crypto,
    createHash(algorithm: string) {
      const hash = crypto.createHash(algorithm);
      const update = hash.update.bind(hash) as (data: string | Uint8Array) => typeof hash;
      return Object.assign(hash, {
        update(data: string | Uint8Array) {
          hashedHere.bytes += data.length;
          update(data);
          return hash;
        },
      });
    },
  };
});

test.each([0, 1, 70_001, 4 * 1024 * 1024, 20 * 1024 * 1024 + 3])("%i bytes have their hash", async (length) => {
  const bytes = randomBytes(length);
  expect(await hashBytes(bytes)).toBe(sha256(bytes));
});

test("a server that takes a large model from a store answers meanwhile: it is hashed by another thread", async () => {
  await using project = await scratchProject();
  const model = randomBytes(64 * 1024 * 1024);
  const hashedBy = async (work: () => unknown) => {
    const before = hashedHere.bytes;
    await work();
    return hashedHere.bytes - before;
  };
  let name = "";
  expect(await hashedBy(() => (name = sha256(model)))).toBe(model.length);
  for (const work of [
    () => project.store.putBlob(model),
    () => project.store.readBlob(name),
    () => checkModel(model, name, "model.onnx").catch(() => {}), // no model, but that is looked for later
  ])
    expect(await hashedBy(work)).toBeLessThan(10_000); // names and records
});
