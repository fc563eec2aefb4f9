import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { openDatasetStore } from "../../pipelines/data/dataset-store.ts";
import { EnvironmentError } from "../../pipelines/errors/expected-error.ts";
import { silentLog } from "../../pipelines/ports/host.ts";
import { openSealedStep, openSharedSteps, sealStep } from "../../pipelines/workspace/shared-steps.ts";
import { openStepCache } from "../../pipelines/workspace/step-cache.ts";

const folders: string[] = [];
const scratch = () => {
  const folder = mkdtempSync(join(tmpdir(), "mergeml-steps-"));
  folders.push(folder);
  return folder;
};
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

const main = generateKeyPairSync("ed25519");
const stranger = generateKeyPairSync("ed25519");

/** A machine with a cache of its own and the store's folder. */
function machine(store: string, own: KeyObject | null = null) {
  const warnings: string[] = [];
  const log = { ...silentLog, warn: (message: string) => void warnings.push(message) };
  const rights = async () => ({ trusted: main.publicKey, own });
  const shared = openSharedSteps({ store: openDatasetStore(store), rights, log });
  return { cache: openStepCache(scratch(), true, { codeOf: () => "code", shared }), warnings };
}

test("another machine goes on from what was sealed, by inputs that are the same everywhere", async () => {
  const store = scratch();
  const first = machine(store, main.privateKey).cache;
  await first.write("features", { mtime: 1 }, { rows: 7 }, { inputs: async () => ({ sha256: "a" }) });
  await first.writeBytes("train", { id: "c-1" }, Buffer.from("weights"), {});
  await first.write("last-drift", { id: 1 }, { outcome: "clean" });
  const second = machine(store).cache;
  expect(await second.read("features", { mtime: 2 }, { inputs: async () => ({ sha256: "a" }) })).toEqual({ rows: 7 });
  expect(await second.readBytes("train", { id: "c-1" }, {})).toEqual(Buffer.from("weights"));
  expect(await second.readBytes("train", { id: "c-2" }, {})).toBeNull();
  expect(await second.read("evaluate", { id: "c-1" }, {})).toBeNull();
  expect(readdirSync(join(store, "steps"))).toHaveLength(2); // what nobody shares stays where it was made
  rmSync(join(store, "steps"), { recursive: true });
  expect(await second.read("features", { mtime: 2 })).toEqual({ rows: 7 }); // it is on this machine now
});

test("who has no key leaves nothing", async () => {
  const store = scratch();
  await machine(store).cache.write("train", { id: 1 }, { rows: 7 }, {});
  expect(readdirSync(store)).toEqual([]);
});

describe("what somebody else put there is refused, told, and replaced", () => {
  const inputs = { id: "c-1" };
  const planted: [string, (sealed: Buffer, name: string) => Uint8Array][] = [
    ["a result without a seal", () => Buffer.from('{"rows":666}')],
    ["a seal of another key", (_sealed, name) => sealStep(name, Buffer.from('{"rows":666}'), stranger.privateKey)],
    [
      "a good result of other inputs",
      () => sealStep(`step:${"0".repeat(64)}`, Buffer.from('{"rows":666}'), main.privateKey),
    ],
    ["other content under the seal", (sealed) => Buffer.concat([sealed.subarray(0, -2), Buffer.from("8}")])],
    ["half a file", (sealed) => sealed.subarray(0, 40)],
    ["nothing", () => Buffer.alloc(0)],
  ];
  test.each(planted)("%s", async (_title, plant) => {
    const store = scratch();
    await machine(store, main.privateKey).cache.write("evaluate", inputs, { rows: 7 }, {});
    const [hex = ""] = readdirSync(join(store, "steps"));
    const file = join(store, "steps", hex);
    writeFileSync(file, plant(readFileSync(file), `step:${hex}`));
    const reader = machine(store, main.privateKey);
    expect(await reader.cache.read("evaluate", inputs, {})).toBeNull();
    expect(reader.warnings.join()).toContain("does not vouch for");
    await reader.cache.write("evaluate", inputs, { rows: 7 }, {});
    expect(await machine(store).cache.read("evaluate", inputs, {})).toEqual({ rows: 7 });
  });
});

test("a seal stands for one name, one content and one key", () => {
  const result = Buffer.from("result");
  const sealed = sealStep("step:a", result, main.privateKey);
  expect(openSealedStep("step:a", sealed, main.publicKey)).toEqual(result);
  expect(openSealedStep("step:b", sealed, main.publicKey)).toBeNull();
  expect(openSealedStep("step:a", sealed, stranger.publicKey)).toBeNull();
});

test("a store that is away costs a warning, once, and no run", async () => {
  const warnings: string[] = [];
  let asked = 0;
  const away = async () => {
    asked += 1;
    throw new EnvironmentError("the bucket cannot be reached", { tried: "GET", safe: "nothing" });
  };
  const store = { ...openDatasetStore(scratch()), readStep: away, writeStep: away };
  const log = { ...silentLog, warn: (message: string) => void warnings.push(message) };
  const rights = async () => ({ trusted: main.publicKey, own: main.privateKey });
  const cache = openStepCache(scratch(), true, { shared: openSharedSteps({ store, rights, log }) });
  for (const id of [1, 2]) {
    expect(await cache.read("train", { id }, {})).toBeNull();
    await cache.write("train", { id }, { rows: 7 }, {});
  }
  expect(asked).toBe(1);
  expect(warnings).toEqual(["steps are neither taken from the store nor left there: the bucket cannot be reached"]);
});
