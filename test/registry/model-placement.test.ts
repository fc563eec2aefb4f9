import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openDatasetStore } from "../../pipelines/data/dataset-store.ts";
import { type Log, silentLog } from "../../pipelines/ports/host.ts";
import { openGit } from "../../pipelines/registry/git/git.ts";
import { openRegistry, type Registry } from "../../pipelines/registry/registry.ts";
import type { BlobStore } from "../../pipelines/registry/stored-model.ts";
import { deploy, makeSandbox, memoryStore, type Sandbox, ticking } from "./builders.ts";

/** An ONNX file of any even size: a ModelProto that says its ir_version over and over. */
const onnxOfSize = (bytes: number) => Buffer.alloc(bytes, Buffer.from([0x08, 1]));
/** What was too large for git before: 10 MiB. */
const large = onnxOfSize(10 * 1024 * 1024 + 2);
/** What the earlier mergeml of these tests kept in a folder. */
const kept = onnxOfSize(2000);

interface Opened {
  store: BlobStore;
  largestInGit?: number;
  log?: Log;
  /** The folder of the clone; the sandbox's own by default. */
  folder?: string;
}

let seconds = 0;

function open({ env, work }: Sandbox, { store, largestInGit, log = silentLog, folder = work }: Opened): Registry {
  const git = openGit(folder, { env });
  const clock = ticking(Date.UTC(2026, 1, 1) + 60_000 * ++seconds);
  const options = { git, store, clock, branch: "registry", log, random: () => 0 };
  return openRegistry({ ...options, ...(largestInGit === undefined ? {} : { largestInGit }) });
}

/** A store in a folder of one machine. */
function folderStore({ folder }: Sandbox, name: string): BlobStore {
  return openDatasetStore(join(folder, name));
}

/** Another machine: its own clone of origin and its own store. */
function elsewhere(sandbox: Sandbox): Registry {
  sandbox.plain(["clone", "-q", sandbox.origin, "elsewhere"], sandbox.folder);
  return open(sandbox, { store: folderStore(sandbox, "other-store"), folder: join(sandbox.folder, "elsewhere") });
}

/** The registry of an earlier mergeml: version 1 a reference to the folder of this machine, version 2 on the branch. */
async function earlierRegistry(sandbox: Sandbox): Promise<BlobStore> {
  const store = folderStore(sandbox, "store");
  const earlier = open(sandbox, { store: { ...store, durable: true }, largestInGit: 1000 });
  await earlier.init();
  await deploy(earlier, { tag: "large", rmse: 500, bytes: kept });
  await deploy(earlier, { tag: "small", rmse: 400 });
  return store;
}

function listed({ plain, origin }: Sandbox, version = 1): string[] {
  return plain(["ls-tree", "--name-only", `registry:models/rent/versions/${version}`], origin).split("\n");
}

describe("a model above 10 MiB", () => {
  it("is in production for every clone, though the store is a folder of this machine", async () => {
    using sandbox = makeSandbox();
    const registry = open(sandbox, { store: folderStore(sandbox, "store") });
    await registry.init();
    await deploy(registry, { tag: "large", rmse: 500, bytes: large });
    expect(listed(sandbox)).toContain("model.onnx");
    const other = elsewhere(sandbox);
    const snapshot = await other.snapshot();
    expect(await snapshot.production("rent")).toMatchObject({ version: 1 });
    expect(Buffer.compare(await snapshot.modelBytes("rent", 1), large)).toBe(0);
    expect((await other.verify()).problems).toEqual([]);
    expect(await deploy(other, { tag: "next", rmse: 400 })).toMatchObject({ version: 2, from: 1 });
  });
});

describe("a model too large for git", () => {
  const [tag, rmse, bytes] = ["large", 500, onnxOfSize(2000)];

  it("is refused before anything is written, when only this machine could read it", async () => {
    using sandbox = makeSandbox();
    const store = folderStore(sandbox, "store");
    const registry = open(sandbox, { store, largestInGit: 1000 });
    await registry.init();
    const before = sandbox.tip();
    const told =
      /model\.onnx of rent is 0\.0 MB, more than .* fit on branch registry on origin; .*store on this machine, where nobody/;
    await expect(deploy(registry, { tag, rmse, bytes })).rejects.toThrow(told);
    await expect(deploy(registry, { tag, rmse, bytes }, false)).rejects.toThrow(told);
    expect(sandbox.tip()).toBe(before);
    expect((await registry.refuses("rent", 2000))?.message).toMatch(told);
    expect(await registry.refuses("rent", 1000)).toBeNull();
  });

  it("is 90 MB and more, whatever is asked for", async () => {
    using sandbox = makeSandbox();
    const registry = open(sandbox, { store: folderStore(sandbox, "store"), largestInGit: 1e12 });
    await registry.init();
    expect(await registry.refuses("rent", 90_000_000)).toBeNull();
    expect((await registry.refuses("rent", 90_000_001))?.message).toContain("more than the 90 MB that fit");
  });

  it("goes to a store that others can read, and a reference to the branch", async () => {
    using sandbox = makeSandbox();
    const store = memoryStore();
    const registry = open(sandbox, { store, largestInGit: 1000 });
    await registry.init();
    await deploy(registry, { tag, rmse, bytes });
    expect(listed(sandbox)).toContain("model.onnx.ref.json");
    expect(listed(sandbox)).not.toContain("model.onnx");
    const snapshot = await registry.snapshot();
    expect(Buffer.compare(await snapshot.modelBytes("rent", 1), bytes)).toBe(0);
    expect((await registry.verify()).problems).toEqual([]);
    store.blobs.set([...store.blobs.keys()][0]!, Buffer.from("another model"));
    await expect(snapshot.modelBytes("rent", 1)).rejects.toThrow(
      "models/rent/versions/1/model.onnx.ref.json on the registry branch is not the model that was registered",
    );
    store.blobs.clear();
    const told = "a store everybody reads does not have models/";
    await expect(snapshot.modelBytes("rent", 1)).rejects.toThrow(told);
    expect((await registry.verify()).problems[0]?.message).toContain(told);
  });

  it("is not registered when the store gives other bytes back", async () => {
    using sandbox = makeSandbox();
    const store = { ...memoryStore(), readBlob: async () => Buffer.from("other bytes") };
    const registry = open(sandbox, { store, largestInGit: 1000 });
    await registry.init();
    const before = sandbox.tip();
    await expect(deploy(registry, { tag, rmse, bytes })).rejects.toThrow("gave other bytes back than were put there");
    expect(sandbox.tip()).toBe(before);
  });

  it("goes to a folder beside a registry that is on this machine alone, and that is said", async () => {
    using sandbox = makeSandbox({ remote: false });
    const said: string[] = [];
    const log = { ...silentLog, info: (message: string) => said.push(message) };
    const registry = open(sandbox, { store: folderStore(sandbox, "store"), largestInGit: 1000, log });
    await registry.init();
    expect(await deploy(registry, { tag, rmse, bytes })).toMatchObject({ version: 1 });
    expect(said.join("\n")).toMatch(/is in the folder .*store on this machine: keep it as you keep the registry/);
    expect((await registry.verify()).problems).toEqual([]);
  });
});

describe("a version whose model an earlier mergeml kept on one machine", () => {
  it("is brought to the branch by the promotion or rollback that comes back to it", async () => {
    using sandbox = makeSandbox();
    const store = await earlierRegistry(sandbox);
    const registry = open(sandbox, { store });
    expect(listed(sandbox)).not.toContain("model.onnx");
    expect(await registry.rollback("rent")).toMatchObject({ from: 2, to: 1 });
    expect(listed(sandbox)).toContain("model.onnx");
    expect(listed(sandbox)).toContain("model.onnx.ref.json");
    const other = elsewhere(sandbox);
    expect(Buffer.compare(await (await other.snapshot()).modelBytes("rent", 1), kept)).toBe(0);
    expect((await other.verify()).problems).toEqual([]);
    expect(await other.promote("rent", 2)).toMatchObject({ from: 1, to: 2 });
    expect(await other.promote("rent", 1)).toMatchObject({ from: 2, to: 1 });
    expect((await registry.verify()).problems).toEqual([]);
  });

  it("in production is brought there by promoting it once more, once", async () => {
    using sandbox = makeSandbox();
    const store = await earlierRegistry(sandbox);
    const earlier = open(sandbox, { store: { ...store, durable: true } });
    await earlier.rollback("rent");
    const other = elsewhere(sandbox);
    const bringBack =
      /model\.onnx\.ref\.json names: .*\n.* from there this puts it on the branch: mergeml promote rent --to 1/;
    await expect((await other.snapshot()).modelBytes("rent", 1)).rejects.toThrow(bringBack);
    await expect(other.promote("rent", 1)).rejects.toThrow(bringBack);
    const registry = open(sandbox, { store });
    expect(await registry.promote("rent", 1)).toEqual({ from: 1, to: 1, commit: sandbox.tip() });
    expect(await registry.promote("rent", 1)).toEqual({ from: 1, to: 1, commit: null });
    expect(Buffer.compare(await (await other.snapshot()).modelBytes("rent", 1), kept)).toBe(0);
    expect((await other.verify()).problems).toEqual([]);
    expect(await registry.history("rent")).toHaveLength(5);
  });

  it("is not put into production where its bytes are not, by whatever command", async () => {
    using sandbox = makeSandbox();
    await earlierRegistry(sandbox);
    const other = elsewhere(sandbox);
    const before = sandbox.tip();
    const [last] = await other.history("rent");
    const moves = {
      promote: () => other.promote("rent", 1),
      rollback: () => other.rollback("rent"),
      "rollback --to": () => other.rollback("rent", { to: 1 }),
      "automatic rollback": () => other.rollbackPromotion("rent", { promotion: last!.commit, reason: "it fails" }),
    };
    for (const [name, move] of Object.entries(moves))
      await expect(move(), name).rejects.toThrow(/does not have models\/.* names: .*is not in the dataset store/);
    expect(sandbox.tip()).toBe(before);
    expect((await other.verify()).problems).toHaveLength(1);
  });

  it("is not exchanged for other bytes on the way", async () => {
    using sandbox = makeSandbox();
    const store = await earlierRegistry(sandbox);
    await open(sandbox, { store }).rollback("rent");
    const checkout = sandbox.checkout();
    sandbox.plain(["rm", "-q", "models/rent/versions/1/model.onnx"], checkout);
    sandbox.plain(["commit", "-qm", "Take it away"], checkout);
    sandbox.plain(["push", "-q"], checkout);
    const found = (await open(sandbox, { store }).verify()).problems.map(({ message }) => message).join("\n");
    expect(found).toContain("deletes models/rent/versions/1/model.onnx, but a registered version never changes");
  });
});
