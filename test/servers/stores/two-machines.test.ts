import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { listCandidates, readCandidate } from "../../../pipelines/candidate/candidate-directory.ts";
import { collectGarbage } from "../../../pipelines/collect-garbage.ts";
import { openWorkspace } from "../../../pipelines/open-workspace.ts";
import { silentLog, systemClock } from "../../../pipelines/ports/host.ts";
import type { CheckedItem } from "../../../pipelines/store-contents.ts";
import { flatsCsv, makeScratch, modelYaml, type Scratch } from "../../scratch.ts";
import { type FaultyProxy, startFaultyProxy } from "../faulty-proxy.ts";
import { type StoreServer, storeServers } from "./store-servers.ts";

interface Checked {
  bytes: number;
  items: CheckedItem[];
}

describe.each(storeServers)("a store in $name", ({ start }) => {
  let server: StoreServer;
  let proxy: FaultyProxy | null;
  let scratch: Scratch;
  let told = "";
  /** The command line in a second clone, on a machine that has only the repository. */
  const second = (...args: string[]) => scratch.mergeml("-C", "../second", ...args);
  const json = <T>({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }): T => {
    told += stdout + stderr;
    expect(`${stderr}${stdout}`, "what it told").toMatch(code === 0 ? /./ : /$^/);
    return JSON.parse(stdout) as T;
  };

  beforeAll(async () => {
    server = await start();
    proxy = server.endpoint ? await startFaultyProxy(server.endpoint) : null;
    scratch = makeScratch();
    Object.assign(scratch.env, server.env(proxy?.endpoint));
    scratch.write("mergeml.yaml", server.config("first", proxy?.endpoint));
    scratch.git("add", ".");
    scratch.git("commit", "-qm", "Name a store");
    scratch.git("push", "-q");
    await scratch.facts(["init"]);
    const run = await scratch.mergeml("run", "rent");
    told += run.stdout + run.stderr;
    expect(run.code, run.stderr).toBe(0);
    expect(run.stderr).toContain("read back");
    scratch.clone("second", "main");
    rmSync(join(scratch.folder, "second/data/flats.csv"));
  });
  afterAll(async () => {
    scratch?.[Symbol.dispose]();
    await proxy?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  });

  /** Where the store's clients take whole versions as artifacts. */
  const packed = () => (server.packs ? ["version"] : []);

  it("has what the version stands on, and sends nothing twice", async () => {
    const before = proxy?.sent() ?? 0;
    const pushed = json<Checked>(await scratch.mergeml("store", "push", "--json"));
    const parts = ["train", "test", "predictions", ...packed()];
    expect(pushed.items.map(({ part, problem }) => [part, problem])).toEqual(parts.map((part) => [part, null]));
    expect(pushed.bytes).toBe(0);
    expect(proxy?.sent() ?? 0).toBe(before);
    const listed = await scratch.mergeml("store", "ls");
    expect(listed.stdout).toMatch(new RegExp(`train .*rent@1\\n.*${parts.length} items`, "s"));
  });

  it("lets another machine verify, reproduce and predict without the data", async () => {
    expect(json<Checked>(await second("store", "verify", "--json")).items).toHaveLength(3 + packed().length);
    expect(existsSync(join(scratch.folder, "second/.mergeml/store/datasets"))).toBe(false);
    const reproduced = await second("reproduce", "rent@1", "--json");
    expect(json(reproduced)).toMatchObject({ identical: true, data: "store" });
    scratch.write("../second/new.csv", "id,size,rooms,city\n1,50,2,Ulm\n");
    expect((await second("predict", "rent", "--input", "new.csv", "--output", "out.csv")).code).toBe(0);
  });

  it("lets another machine judge against the rows that production was trained on", async () => {
    scratch.write("../second/data/flats.csv", flatsCsv());
    rmSync(join(scratch.folder, "second/.mergeml/store"), { recursive: true, force: true });
    const changed = modelYaml({ params: "{ trees: 30, max_leaves: 8 }" }).replace(
      "test: 0.3, seed: 7",
      "test: 0.3, seed: 8",
    );
    scratch.write("../second/models/rent/model.yaml", changed);
    const { directory } = json<{ directory: string }>(await second("train", "rent", "--json"));
    const evaluation = JSON.parse(
      readFileSync(join(scratch.folder, "second", directory, "evaluation.json"), "utf8"),
    ) as { seen_by_production: number };
    expect(evaluation.seen_by_production).toBeGreaterThan(50);
    const registry = scratch.git("show", "origin/registry:models/rent/versions/1/version.json");
    const { fingerprint } = (JSON.parse(registry) as { candidate: { train: { fingerprint: string } } }).candidate.train;
    const fetched = join(scratch.folder, "second/.mergeml/store/datasets", `${fingerprint.slice(3)}.parquet`);
    expect(existsSync(fetched)).toBe(true);
  });

  it("deletes what nothing refers to, once it is old enough, and nothing else", async () => {
    const common = { env: scratch.env, clock: systemClock, log: silentLog, useCache: true };
    await using opened = await openWorkspace({ ...common, directory: join(scratch.folder, "second") });
    const [candidate] = await listCandidates(opened.root);
    const { record } = await readCandidate(opened.root, candidate!.directory, opened.root);
    const loose = record.train.fingerprint;
    await opened.store.shared!.push(loose);
    const gone = async () => (await opened.store.shared!.remote.find(loose)) === null;
    await using mine = await openWorkspace({ ...common, directory: scratch.root });
    const { shared } = mine.store;
    const later = (days: number) => new Date(Date.now() + days * 86_400_000);
    const inDays = (days: number) => {
      const remote = { ...shared!.remote, now: () => later(days) };
      return { ...mine, store: { ...mine.store, shared: { ...shared!, remote } } };
    };
    const gc = async (days: number, dryRun = false) =>
      (await collectGarbage(inDays(days), { dryRun, graceDays: 7 })).shared.map(({ name }) => name);
    expect(await gc(6)).toEqual([]);
    // What is old is told by the store's clock, not by that of a machine where it is next year.
    const ahead = { ...common, clock: { now: () => later(366) }, directory: scratch.root };
    await using wrong = await openWorkspace(ahead);
    expect((await collectGarbage(wrong, { dryRun: true, graceDays: 7 })).shared).toEqual([]);
    expect(await gc(8, true)).toEqual([loose]);
    // Who has the candidate still does not take it for garbage.
    const kept = await second("store", "gc", "--grace-days", "1", "--json");
    expect(json<{ shared: unknown[] }>(kept).shared).toEqual([]);
    expect(await gone()).toBe(false);
    expect(await gc(8)).toEqual([loose]);
    expect(await gone()).toBe(true);
    expect(json<Checked>(await second("store", "verify", "--json")).items).toHaveLength(3 + packed().length);
  });

  it("promotes nothing whose rows are nowhere", async () => {
    const directory = scratch.root;
    await using opened = await openWorkspace({
      directory,
      env: scratch.env,
      clock: systemClock,
      log: silentLog,
      useCache: true,
    });
    const { candidate } = await (await opened.registry.snapshot()).record("rent", 1);
    const { remote } = opened.store.shared!;
    await remote.delete((await remote.find(candidate.test.fingerprint))!);
    expect((await scratch.mergeml("rollback", "rent")).code).toBe(0);
    const refused = await second("promote", "rent@1");
    expect(refused.code).toBe(3);
    expect(refused.stderr).toContain(`${candidate.test.fingerprint} is not in the dataset store`);
    const verified = await second("store", "verify");
    expect(verified.code).toBe(3);
    expect(verified.stdout).toContain("rent@1 test: ");
    // Where the rows still are, they are sent and read back first.
    expect((await scratch.mergeml("promote", "rent@1")).code).toBe(0);
    expect((await second("store", "verify")).code).toBe(0);
  });

  it("tells no secret", () => {
    for (const secret of server.secrets) expect(told).not.toContain(secret);
    const config = readFileSync(join(scratch.root, "mergeml.yaml"), "utf8");
    for (const secret of server.secrets) expect(config).not.toContain(secret);
  });
});
