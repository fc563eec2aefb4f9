import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openStore } from "../../../pipelines/data/stores.ts";
import { silentLog, systemClock } from "../../../pipelines/ports/host.ts";
import { openRegistry } from "../../../pipelines/registry/registry.ts";
import { deploy } from "../../registry/builders.ts";
import { startServe } from "../../serving/serve-process.ts";
import { post, rentModel, type ServedRegistry, servedRegistry, until } from "../../serving/served-registry.ts";
import { type FaultyProxy, startFaultyProxy } from "../faulty-proxy.ts";
import { type StorageServer, startS3 } from "../object-storage.ts";

let registry: ServedRegistry;
let bucket: StorageServer;
let proxy: FaultyProxy;
let isAway = false;
beforeAll(async () => {
  [registry, bucket] = await Promise.all([servedRegistry(), startS3()]);
  proxy = await startFaultyProxy(bucket.endpoint, () => (isAway ? "cut-request" : null));
});
afterAll(async () => {
  await registry?.[Symbol.asyncDispose]();
  await proxy?.[Symbol.asyncDispose]();
  await bucket?.[Symbol.asyncDispose]();
});

const rows = Array.from({ length: 400 }, (_, at) => ({ id: at, size: at, city: at % 2 === 0 ? "Ulm" : null }));
const serve = (args: readonly string[], env: Record<string, string> = {}) => {
  const { folder, origin } = registry.sandbox;
  const place = ["--registry", origin, "--cache", join(folder, "cache"), "--poll", "600"];
  return startServe({
    args: [...place, ...args],
    cwd: folder,
    env: { ...registry.sandbox.env, ...bucket.env, ...env },
  });
};

describe("a server without a checkout", () => {
  it("reads models that are too large for git from MERGEML_STORE, and says so where it has none", async () => {
    const { git, env, folder } = registry.sandbox;
    const address = bucket.address("models");
    const options = {
      root: folder,
      env: { ...env, ...bucket.env },
      repository: async () => "acme/models",
      sources: {},
    };
    const store = openStore(address, { ...options, clock: systemClock, log: silentLog });
    const common = { git, branch: "registry", clock: systemClock, log: silentLog };
    const large = openRegistry({ ...common, store, largestInGit: 100 });
    await deploy(large, { model: "rent", tag: "large", rmse: 1, bytes: rentModel(700) });
    const server = await serve(["--log", "none"], { MERGEML_STORE: address });
    const { body } = await post(`${server.url}/models/rent/predict`, rows.slice(0, 1));
    expect(body).toMatchObject({ model: "rent", predictions: [700] });
    await server[Symbol.asyncDispose]();
    expect(server.output()).not.toContain(bucket.env.AWS_SECRET_ACCESS_KEY);

    const without = await serve(["--log", "none"]);
    const page = await (await fetch(without.url)).text();
    await without[Symbol.asyncDispose]();
    expect(`${without.output()}${page}`).toMatch(/was not told where models that are too large for git are kept/);
  });

  it("says at its start that it cannot sign in to the bucket of its log", async () => {
    const server = await serve(["--log", bucket.address("unreachable")], {
      AWS_ACCESS_KEY_ID: "",
      MERGEML_STORE: bucket.address("models"),
    });
    await until(() => server.output().includes("files will wait to be sent"));
    expect(server.output()).toMatch(/needs the environment variable AWS_ACCESS_KEY_ID/);
    await server[Symbol.asyncDispose]();
  });

  it("sends its log to a bucket; what it could not send is sent by the next one", async () => {
    const address = bucket.address("predictions", proxy.endpoint);
    const model = { MERGEML_STORE: bucket.address("models") };
    const objects = async () => {
      const found: string[] = [];
      for await (const { key } of bucket.open().list("predictions/")) found.push(key);
      return found;
    };
    const first = await serve(["--log", address], model);
    await post(`${first.url}/models/rent/predict`, rows);
    await first[Symbol.asyncDispose]();
    expect(await objects(), first.output()).toEqual([
      expect.stringMatching(/^predictions\/rent\/\d{4}-\d\d-\d\d\/serve-\w+-1\.parquet$/),
    ]);

    isAway = true;
    const second = await serve(["--log", address], model);
    await post(`${second.url}/models/rent/predict`, rows.slice(0, 7));
    await second[Symbol.asyncDispose]();
    expect(second.output()).toMatch(/1 files? (?:is|are) left in .*; the next start sends/);
    expect(await objects()).toHaveLength(1);

    isAway = false;
    const third = await serve(["--log", address], model);
    await until(async () => (await objects()).length === 2);
    await third[Symbol.asyncDispose]();
    const left = readdirSync(join(registry.sandbox.folder, "cache/predictions"), { recursive: true }).map(String);
    // What was sent is kept where the server looks at it, and nothing waits.
    expect(left.filter((name) => name.endsWith(".parquet") && !name.includes("-sent/"))).toEqual([]);
    expect(left.filter((name) => /-sent\/rent\/[^/]+\/serve-\w+-1\.parquet$/.test(name))).toHaveLength(2);
    for (const server of [first, second, third])
      expect(server.output()).not.toContain(bucket.env.AWS_SECRET_ACCESS_KEY);
  });
});
