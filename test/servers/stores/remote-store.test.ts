import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseRepositoryConfig } from "../../../pipelines/config/parse-repository-config.ts";
import { type DatasetRef, type DatasetStore, openDatasetStore } from "../../../pipelines/data/dataset-store.ts";
import { openStore, type StoreOptions } from "../../../pipelines/data/stores.ts";
import { EnvironmentError } from "../../../pipelines/errors/expected-error.ts";
import { silentLog, systemClock } from "../../../pipelines/ports/host.ts";
import { build, type Project, scratchProject } from "../../data/feature-project.ts";
import { type Fault, startFaultyProxy } from "../faulty-proxy.ts";
import { scratchFolder } from "../start-server.ts";
import { type StoreServer, storeServers } from "./store-servers.ts";

/** A row of everything, with what is hard to write down. */
const hard = `SELECT i AS id,
    CASE i % 8 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN '\\N' WHEN 3 THEN 'a"b,c''d' WHEN 4 THEN E'line\\nfeed\\r\\n'
      WHEN 5 THEN 'ünï😀' WHEN 6 THEN '\\.' ELSE ' x ' END AS t,
    CASE i % 7 WHEN 0 THEN NULL WHEN 1 THEN 'nan'::DOUBLE WHEN 2 THEN 'inf'::DOUBLE WHEN 3 THEN -0.0 WHEN 4 THEN 1e-308
      WHEN 5 THEN 0.1 + i ELSE -1.7976931348623157e308 END AS f,
    CAST(i / 3 AS FLOAT) AS r, CASE WHEN i % 3 = 0 THEN 9223372036854775807 - i END AS b, CAST(i % 2 AS BOOLEAN) AS o,
    CAST(i AS DECIMAL(18, 3)) / 8 AS d, DATE '1969-12-30' + CAST(i AS INTEGER) AS day,
    TIMESTAMP '2001-02-03 04:05:06.789012' + to_microseconds(i * 1000003) AS moment, TIME '23:59:59.999999' AS clock,
    CAST(i % 200 AS UTINYINT) AS u, i AS "${"ä very long name that a database would cut off ".repeat(2)}", sin(i) AS y
  FROM range(400) t(i)`;

describe.each(storeServers)("a store in $name", ({ start }) => {
  let server: StoreServer;
  let project: Project;
  let refs: { train: DatasetRef; test: DatasetRef };
  const opened: DatasetStore[] = [];
  const folders: AsyncDisposable[] = [];

  beforeAll(async () => {
    server = await start();
    project = await scratchProject();
    refs = await build(project, hard, { key: ["id", "day", "clock"], time: "moment" });
  });
  afterAll(async () => {
    for (const { shared } of opened) await shared?.remote[Symbol.asyncDispose]();
    for (const folder of folders) await folder[Symbol.asyncDispose]();
    await project?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  });

  /** A machine with nothing but access to the store; with the project's root it has its datasets. */
  async function machine(
    name: string,
    given: Partial<StoreOptions> & { endpoint?: string } = {},
  ): Promise<DatasetStore> {
    const folder = await scratchFolder("machine");
    folders.push(folder);
    const { endpoint, ...options } = given;
    const { config } = parseRepositoryConfig(server.config(name, endpoint), "mergeml.yaml");
    const store = openStore(config.store, {
      root: folder.path,
      env: server.env(endpoint),
      repository: async () => "github.com/acme/models",
      sources: config.sources,
      clock: systemClock,
      log: silentLog,
      ...options,
    });
    opened.push(store);
    return store;
  }

  it("gives back every kind of value", async () => {
    const mine = await machine("values", { root: project.root });
    const yours = await machine("values");
    for (const { fingerprint } of [refs.train, refs.test]) {
      expect(await yours.has(fingerprint)).toBe(false);
      expect((await mine.shared!.push(fingerprint)).sent).toBeGreaterThan(0);
      await mine.shared!.confirm(fingerprint);
      // The fingerprint is computed anew from the rows that came.
      await yours.path(fingerprint);
      expect(await yours.ref(fingerprint)).toEqual(await mine.ref(fingerprint));
    }
  });

  it("keeps a model, whole or not at all", async () => {
    const [mine, yours] = [await machine("models"), await machine("models")];
    const bytes = Buffer.alloc(9_000_000, "weights ");
    const name = await mine.putBlob(bytes);
    expect(Buffer.from(await yours.readBlob(name)).equals(bytes)).toBe(true);
    const missing = `sha256:${createHash("sha256").update("no").digest("hex")}`;
    await expect(yours.readBlob(missing)).rejects.toThrow("is not in the dataset store");
  });

  it("stores once what many put at the same time", async () => {
    const { fingerprint } = refs.train;
    const machines = await Promise.all(Array.from({ length: 4 }, () => machine("many", { root: project.root })));
    await Promise.all(machines.map(({ shared }) => shared!.push(fingerprint, { model: "m", split: "train" })));
    const items = [];
    for await (const item of machines[0]!.shared!.remote.list()) items.push(item);
    expect(items).toMatchObject([
      {
        name: fingerprint,
        ref: refs.train,
        labels: { model: "m", split: "train", repositories: ["github.com/acme/models"] },
      },
    ]);
    await (await machine("many")).shared!.confirm(fingerprint);
  });

  it("is renewed by who puts it again, and deleted only when nobody did meanwhile", async () => {
    const { fingerprint } = refs.train;
    const mine = await machine("aging", { root: project.root });
    await mine.shared!.push(fingerprint);
    const { remote } = mine.shared!;
    const before = (await remote.find(fingerprint))!;
    await new Promise((resume) => setTimeout(resume, 1_100)); // some servers keep time in seconds
    const other = await machine("aging", { root: project.root, repository: async () => "github.com/acme/other" });
    expect((await other.shared!.push(fingerprint)).sent).toBe(0);
    const after = (await remote.find(fingerprint))!;
    expect(after.labels.repositories).toEqual(["github.com/acme/models", "github.com/acme/other"]);
    expect(after.stored.getTime()).toBeGreaterThan(before.stored.getTime());
    await remote.delete(before);
    expect(await remote.find(fingerprint)).not.toBeNull();
    await remote.delete(after);
    expect(await remote.find(fingerprint)).toBeNull();
    expect(await remote.sweep(new Date())).toBe(0);
  });

  it("holds through cut connections, lost answers and a busy server", async () => {
    if (server.endpoint === null) return;
    const kinds: Fault[] = ["cut-request", "503", "lost-answer", "500", "cut-answer"];
    await using proxy = await startFaultyProxy(server.endpoint, ({ count }) =>
      count % 3 === 0 ? kinds[(count / 3) % kinds.length]! : null,
    );
    const { fingerprint } = refs.train;
    const mine = await machine("faults", { root: project.root, endpoint: proxy.endpoint });
    await mine.shared!.push(fingerprint);
    await mine.shared!.confirm(fingerprint);
    await (await machine("faults", { endpoint: proxy.endpoint })).path(fingerprint);
    expect(proxy.faults()).toBeGreaterThan(3);
  });

  it("shows nothing of what did not arrive", async () => {
    if (server.endpoint === null) return;
    // The server goes away after the first bytes of content were sent.
    let isGone = false;
    await using proxy = await startFaultyProxy(server.endpoint, ({ method }) => {
      isGone ||= method === "PUT" || method === "PATCH";
      return isGone ? "cut-request" : null;
    });
    const { fingerprint } = refs.test;
    const mine = await machine("gone", { root: project.root, endpoint: proxy.endpoint });
    await expect(mine.shared!.push(fingerprint)).rejects.toThrow("cannot be reached");
    const direct = await machine("gone", { root: project.root });
    expect(await direct.has(fingerprint)).toBe(true); // here, not there
    expect(await direct.shared!.remote.find(fingerprint)).toBeNull();
    await direct.shared!.push(fingerprint);
    await direct.shared!.confirm(fingerprint);
  }, 60_000);

  it("refuses other rows under a dataset's name", async () => {
    const mine = await machine("changed", { root: project.root });
    const { fingerprint } = refs.test;
    const { remote } = mine.shared!;
    const wrong = join(project.root, "wrong.parquet");
    await writeFile(
      wrong,
      await readFile(await openDatasetStore(join(project.root, ".mergeml/store")).path(refs.train.fingerprint)),
    );
    const content = await readFile(wrong);
    const sha256 = `sha256:${createHash("sha256").update(content).digest("hex")}`;
    const labels = { repositories: ["github.com/acme/models"] };
    await remote.put({ name: fingerprint, bytes: content.length, sha256, ref: refs.test, labels }, wrong, project.root);
    await expect((await machine("changed")).path(fingerprint)).rejects.toThrow(/does not give fp:\w+ back/);
    await expect(mine.shared!.confirm(fingerprint)).rejects.toThrow(/does not give fp:\w+ back/);
  });

  it("dates what it gets by its own clock, whatever that of a writer says", async () => {
    const { fingerprint } = refs.test;
    for (const [name, hours] of [
      ["slow", -30 * 24],
      ["fast", 3],
    ] as const) {
      const clock = { now: () => new Date(Date.now() + hours * 3600_000) };
      const mine = await machine(name, { root: project.root, clock });
      await mine.shared!.push(fingerprint);
      await mine.shared!.confirm(fingerprint);
      const { remote } = mine.shared!;
      const { stored } = (await remote.find(fingerprint))!;
      expect(Math.abs(stored.getTime() - Date.now())).toBeLessThan(60_000);
      for await (const item of remote.list()) expect(item.stored).toEqual(stored);
      expect(Math.abs(remote.now().getTime() - Date.now())).toBeLessThan(60_000);
    }
  });

  it("names a wrong password, and does not tell it", async () => {
    const { env, password } = server.wrong();
    const error = await (await machine("values", { env }))
      .shared!.remote.find(refs.train.fingerprint)
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(EnvironmentError);
    const { message } = error as Error;
    expect(message).toMatch(
      /AWS_SECRET_ACCESS_KEY is not|AZURE_STORAGE_KEY is not|does not take our credentials|password/,
    );
    expect(JSON.stringify([message, error])).not.toContain(password);
  });

  it("is no store for a job without credentials, which goes on without", async () => {
    const warned: string[] = [];
    const log = { ...silentLog, warn: (message: string) => warned.push(message) };
    const stranger = await machine("values", { env: {}, log });
    expect(await stranger.has(refs.train.fingerprint)).toBe(false);
    expect(await stranger.has(refs.test.fingerprint)).toBe(false);
    expect(warned).toHaveLength(1);
    await expect(stranger.shared!.remote.list()[Symbol.asyncIterator]().next()).rejects.toThrow();
  });

  it("says that it is away, and what is safe", async () => {
    const last = await machine("values");
    await server[Symbol.asyncDispose]();
    const error = await last.path(refs.train.fingerprint).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(EnvironmentError);
    expect((error as Error).message).toContain("cannot be reached");
    expect((error as EnvironmentError).safe).toContain("what is there is whole");
    for (const secret of server.secrets) expect(JSON.stringify(error)).not.toContain(secret);
  }, 60_000);
});
