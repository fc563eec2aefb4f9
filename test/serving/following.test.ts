import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Serving } from "../../pipelines/serve.ts";
import { post, rentModel, type ServedRegistry, servedRegistry, until } from "./served-registry.ts";

let registry: ServedRegistry;
beforeEach(async () => {
  registry = await servedRegistry();
});
afterEach(() => registry[Symbol.asyncDispose]());

const rows = [{ size: 5, city: "Ulm" }];
const ask = (serving: Serving, model = "rent") => post(`${serving.url}/models/${model}/predict`, rows);
const answer = async (serving: Serving) => (await ask(serving)).body;
/** Looks until the server has seen what the registry is at now. */
async function follow(serving: Serving): Promise<void> {
  const tip = registry.sandbox.tip();
  serving.wake();
  await until(() => serving.facts().registry.commit === tip);
}

describe("a promotion", () => {
  it("takes the place of the version before, and a revert gives it back", async () => {
    const serving = await registry.serve();
    expect(await answer(serving)).toEqual({ model: "rent", version: 1, predictions: [105] });
    await registry.promote(200);
    await follow(serving);
    expect(await answer(serving)).toEqual({ model: "rent", version: 2, predictions: [205] });
    const metrics = await (await fetch(`${serving.url}/metrics`)).text();
    for (const version of [1, 2])
      expect(metrics).toContain(`mergeml_requests_total{model="rent",version="${version}",arm="production"} 1`);
    await registry.sandbox.registry.rollback("rent");
    await follow(serving);
    expect(await answer(serving)).toEqual({ model: "rent", version: 1, predictions: [105] });
    await until(() => serving.facts().models[0]?.versions[0]?.why !== null);
    expect(serving.facts().models[0]?.versions[0]?.why).toContain("Revert");
  });

  it("fails no request while it takes place, and every answer is one version's", async () => {
    const serving = await registry.serve();
    const seen = new Set<string>();
    let [isOver, asked] = [false, 0];
    const client = async () => {
      while (!isOver) {
        const { status, body } = await ask(serving);
        expect(status).toBe(200);
        expect(body.predictions).toEqual([body.version * 100 + 5]);
        seen.add(body.version);
        asked += 1;
      }
    };
    const clients = Array.from({ length: 8 }, client);
    for (const version of [2, 3, 4]) {
      await registry.promote(version * 100);
      await follow(serving);
      await until(() => seen.has(version as never));
    }
    isOver = true;
    await Promise.all(clients);
    expect([...seen].sort()).toEqual([1, 2, 3, 4]);
    expect(asked).toBeGreaterThan(20);
  });

  it("that follows at once on another ends at the newest", async () => {
    const serving = await registry.serve();
    await registry.promote(200);
    serving.wake();
    await registry.promote(300);
    serving.wake();
    await until(() => serving.facts().registry.commit === registry.sandbox.tip());
    expect(await answer(serving)).toMatchObject({ version: 3 });
  });

  it("is seen by looking now and then", async () => {
    const serving = await registry.serve({ poll: 50 });
    await registry.promote(200);
    await until(async () => (await answer(serving)).version === 2);
  });

  it("of another model adds it", async () => {
    const serving = await registry.serve();
    expect((await ask(serving, "flats")).status).toBe(404);
    await registry.promote(500, "flats");
    await follow(serving);
    expect((await ask(serving, "flats")).body).toMatchObject({ model: "flats", predictions: [505] });
  });
});

describe("what cannot be served", () => {
  it("leaves the version before, and says why", async () => {
    const serving = await registry.serve();
    await registry.promote(200, "rent", Buffer.from([0x12, 1, 65]));
    await follow(serving);
    expect(await answer(serving)).toMatchObject({ version: 1, predictions: [105] });
    const [model] = serving.facts().models;
    expect(model?.failures).toMatchObject([{ version: 2, arm: "production" }]);
    expect(model?.failures[0]?.problem).toMatch(/ONNX Runtime cannot load the model/);
    expect(await (await fetch(`${serving.url}/metrics`)).text()).toContain(
      'mergeml_load_failed{model="rent",version="2",arm="production"} 1',
    );
    expect(registry.said.join("\n")).toMatch(/rent@2 could not be brought into service, rent@1 goes on answering/);
    await registry.promote(300);
    await follow(serving);
    expect(await answer(serving)).toMatchObject({ version: 3 });
    expect(serving.facts().models[0]?.failures).toEqual([]);
  });

  it("at the start leaves what was served before it ended", async () => {
    await (await registry.serve()).drain(1);
    await registry.promote(200, "rent", Buffer.from([0x12, 1, 65]));
    const serving = await registry.serve();
    expect(await answer(serving)).toMatchObject({ version: 1, predictions: [105] });
    expect(serving.facts().models[0]?.failures).toMatchObject([{ version: 2 }]);
  });

  it("is a model whose bytes are not those of its record", async () => {
    const serving = await registry.serve();
    await registry.promote(200);
    const clone = registry.sandbox.checkout();
    writeFileSync(join(clone, "models/rent/versions/2/model.onnx"), rentModel(999));
    registry.sandbox.plain(["commit", "-qam", "Change a byte"], clone);
    registry.sandbox.plain(["push", "-q"], clone);
    await follow(serving);
    expect(await answer(serving)).toMatchObject({ version: 1 });
    expect(serving.facts().models[0]?.failures[0]?.problem).toMatch(/is not the model that was registered/);
  });

  it("is an undeployed model, which answers 404 with the reason", async () => {
    const serving = await registry.serve();
    const clone = registry.sandbox.checkout();
    registry.sandbox.plain(["rm", "-q", "models/rent/production.json"], clone);
    registry.sandbox.plain(["commit", "-qm", "Take rent out: it discriminates"], clone);
    registry.sandbox.plain(["push", "-q"], clone);
    await follow(serving);
    await until(async () => (await ask(serving)).body.error.includes("discriminates"));
    expect(await ask(serving)).toMatchObject({
      status: 404,
      body: { error: expect.stringMatching(/^rent was taken out of production by .* at 20.*: Take rent out/) },
    });
    await registry.promote(200);
    await follow(serving);
    expect(await answer(serving)).toMatchObject({ version: 2 });
  });

  it("is a registry that is away, later: what is loaded goes on", async () => {
    const { origin } = registry.sandbox;
    const serving = await registry.serve();
    renameSync(origin, `${origin}.away`);
    serving.wake();
    await until(() => serving.facts().registry.problem !== null);
    expect(await answer(serving)).toMatchObject({ version: 1 });
    expect(await (await fetch(`${serving.url}/metrics`)).text()).toContain("mergeml_registry_reachable 0");
    renameSync(`${origin}.away`, origin);
    serving.wake();
    await until(() => serving.facts().registry.problem === null);
  });

  it("is a registry that is away at the start: the last good copy is used, and said so", async () => {
    const { origin } = registry.sandbox;
    await (await registry.serve()).drain(1);
    renameSync(origin, `${origin}.away`);
    const serving = await registry.serve();
    expect(await answer(serving)).toMatchObject({ version: 1, predictions: [105] });
    expect(serving.facts().registry).toMatchObject({ looked: null, problem: expect.stringContaining("reached") });
    expect(registry.said.join("\n")).toMatch(/the registry cannot be read, what is loaded goes on/);
    renameSync(`${origin}.away`, origin);
    await registry.promote(200);
    await follow(serving);
    expect(await answer(serving)).toMatchObject({ version: 2 });
  });

  it("is another server that starts with the same copy, or one that was killed as it wrote there", async () => {
    await (await registry.serve()).drain(1);
    const copies = join(registry.sandbox.folder, "cache/registries");
    const copy = join(copies, readdirSync(copies)[0]!);
    await registry.promote(200);
    for (const lock of ["refs/remotes/origin/registry.lock", "refs/mergeml/served.lock"]) {
      mkdirSync(dirname(join(copy, lock)), { recursive: true });
      writeFileSync(join(copy, lock), "");
    }
    const both = await Promise.all([registry.serve(), registry.serve()]);
    for (const serving of both) expect(await answer(serving)).toMatchObject({ version: 2 });
  });

  it("is a copy that cannot be written to any more: what was loaded answers", async () => {
    const serving = await registry.serve();
    const copies = join(registry.sandbox.folder, "cache/registries");
    const file = join(copies, readdirSync(copies)[0]!, "mergeml-served");
    rmSync(file);
    mkdirSync(join(file, "in-the-way"), { recursive: true });
    await registry.promote(200);
    await follow(serving);
    expect(await answer(serving)).toMatchObject({ version: 2 });
    await until(() => registry.said.join("\n").includes("which cannot be written down"));
  });

  it("is a registry that is away at the start, without a copy of it", async () => {
    registry.sandbox.plain(["init", "-q", "--bare", "gone.git"], registry.sandbox.folder);
    renameSync(registry.sandbox.origin, `${registry.sandbox.origin}.away`);
    await expect(registry.serve()).rejects.toThrow(
      `cannot be read, and this machine has no copy of it that was served before: the remote cannot be reached: '${registry.sandbox.origin}' does not appear to be a git repository; Could not read from remote repository.\ncheck the network and the address: git ls-remote ${registry.sandbox.origin}`,
    );
  });

  it("is a model that the registry has not", async () => {
    await expect(registry.serve({ models: ["rents", "rent"] })).rejects.toThrow("the registry has no model rents");
  });

  it("is a port that another program has", async () => {
    const { port } = new URL((await registry.serve()).url);
    await expect(registry.serve({ port: Number(port) })).rejects.toThrow(
      `another program listens on 127.0.0.1:${port}`,
    );
  });
});

it("fetches no file that it does not need", async () => {
  registry.sandbox.plain(["config", "uploadpack.allowFilter", "true"], registry.sandbox.origin);
  for (const level of [200, 300]) await registry.promote(level);
  const serving = await registry.serve();
  expect(await answer(serving)).toMatchObject({ version: 3 });
  const { folder, origin, plain } = registry.sandbox;
  const cache = join(folder, "cache/registries");
  const args = ["cat-file", "--batch-all-objects", "--batch-check=%(objectname)"];
  const mirrored = plain(args, join(cache, readdirSync(cache)[0]!)).split("\n");
  const blob = (version: number) => plain(["rev-parse", `registry:models/rent/versions/${version}/model.onnx`], origin);
  expect([1, 2, 3].map((version) => mirrored.includes(blob(version)))).toEqual([false, false, true]);
});

it.each(["tree.allow", "allow"])("follows a registry whose server refuses filters (%s)", async (refused) => {
  const { plain, origin } = registry.sandbox;
  plain(["config", "uploadpack.allowFilter", "true"], origin);
  plain(["config", `uploadpackfilter.${refused}`, "false"], origin);
  plain(["update-ref", "HEAD", "refs/heads/registry"], origin);
  const serving = await registry.serve();
  expect(await answer(serving)).toMatchObject({ version: 1 });
  await registry.promote(200);
  await follow(serving);
  expect(await answer(serving)).toMatchObject({ version: 2 });
});

describe("a shadow", () => {
  it("gets a copy of the rows, and may fail without anybody noticing", async () => {
    await registry.promote(200);
    await registry.sandbox.registry.rollback("rent");
    await registry.sandbox.registry.challenge("rent", 2, { mode: "shadow", share: null });
    const serving = await registry.serve();
    expect(await answer(serving)).toEqual({ model: "rent", version: 1, predictions: [105] });
    await until(() => serving.facts().models[0]?.versions[1]?.requests === 1);
    expect(serving.facts().models[0]?.last.map(({ arm, prediction }) => [arm, prediction])).toEqual([
      ["shadow", 205],
      ["production", 105],
    ]);
    await registry.sandbox.registry.challenge("rent", 2, { mode: "split", share: 0.25 });
    await follow(serving);
    await registry.sandbox.registry.stopChallenge("rent");
    await follow(serving);
    const trial = registry.said.filter((each) => each.includes("is tried"));
    expect(trial.map((each) => each.replace(/^.*?rent@/, "rent@"))).toEqual([
      "rent@2 is tried as a shadow",
      "rent@2 is tried on 25% of the requests",
      "rent@2 is tried no more",
    ]);
  });
});
