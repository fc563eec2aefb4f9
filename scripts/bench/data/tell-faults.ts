import { fork } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { markdownTable } from "markdown-table";
import { type DatasetStore, openDatasetStore } from "../../../pipelines/data/dataset-store.ts";
import { hashFile } from "../../../pipelines/data/hash-file.ts";
import { differsFrom } from "../../../pipelines/data/stores/check-content.ts";
import { build, scratchProject } from "../../../test/data/feature-project.ts";
import { type Fault, startFaultyProxy } from "../../../test/servers/faulty-proxy.ts";
import { scratchFolder } from "../../../test/servers/start-server.ts";
import { type StoreServer, storeServers } from "../../../test/servers/stores/store-servers.ts";
import { machine, tellSection } from "../page.ts";
import { type PushJob, pushAndPoint, startCuttingProxy, storeOf } from "./push-process.ts";

const kinds: readonly Fault[] = ["cut-request", "lost-answer", "cut-answer", "500", "503"];
/** What may come to who reads. */
const pullKinds: readonly Fault[] = [...kinds, "short-answer", "wrong-byte"];
/** Share of the requests that fail, and of the pushes that are killed. */
const [failing, killed] = [0.25, 0.15];

interface FaultCount {
  name: string;
  pushes: number;
  faults: number;
  kills: number;
  /** Pushes that ended with everything in its place and a pointer to it. */
  pointed: number;
  /** Pointers to what is not there. */
  missing: number;
  /** Items that are not what their name says. */
  corrupt: number;
  /** Datasets that another machine asked for through faults, and those of them that it got. */
  pulls: number;
  pulled: number;
  pullFaults: number;
  /** Of these, such as are not what their name says. */
  wrong: number;
}

/** Pushes datasets to every kind of store, or those named on the command line, until so many faults were injected, and looks each time at what came of it. */
export async function tellFaults(wanted: number): Promise<void> {
  await using project = await scratchProject();
  const sizes = [200, 5_000, 900_000]; // the last goes in parts
  const fingerprints: string[] = [];
  for (const rows of sizes) {
    const query = `SELECT i AS id, hash(i) / 1e9 AS a, hash(i * 7) / 1e9 AS b, sin(i) AS y FROM range(${rows}) t(i)`;
    fingerprints.push((await build(project, query, { key: ["id"] })).train.fingerprint);
  }
  const counts: FaultCount[] = [];
  const named = storeServers.filter(({ name }) => process.argv.includes(name));
  const chosen = named.length > 0 ? named : storeServers;
  for (const { name, start } of chosen) {
    await using server = await start();
    counts.push(await injectFaults(name, server, { root: project.root, fingerprints, wanted: wanted / chosen.length }));
  }
  const total = (key: Exclude<keyof FaultCount, "name">) => counts.reduce((sum, each) => sum + each[key], 0);
  const pushed = ["pushes", "faults", "kills", "pointed", "missing", "corrupt"] as const;
  const pulled = ["pulls", "pullFaults", "pulled", "wrong"] as const;
  const table = (head: string[], columns: readonly Exclude<keyof FaultCount, "name">[]) =>
    markdownTable([
      ["store", ...head],
      ...counts.map((count) => [count.name, ...columns.map((key) => String(count[key]))]),
      ["all", ...columns.map((key) => String(total(key)))],
    ]);
  tellSection(
    "Stores: faults",
    [
      machine(),
      "",
      "Datasets, in each eighth push one that goes in parts, are pushed, read back and then pointed to, as a deploy does, while a quarter of all",
      "requests is cut in the middle, answered 500 or 503, or carried out and its answer lost or cut (of a database: connections are",
      "cut after some bytes), and of the pushes one in seven is killed. Then another machine reads all that is there.",
      "",
      table(
        ["pushes", "faults", "of these killed", "pointed to", "promotions to missing bytes", "corrupt datasets"],
        pushed,
      ),
      "",
      "What is pointed to is pulled by another machine while a quarter of its requests fails so, or is answered with half of the bytes, or",
      "with another one among them. A pull that fails says so and leaves nothing; what it leaves is compared with what was pushed.",
      "",
      table(["datasets asked for", "faults", "came", "came and were wrong"], pulled),
    ].join("\n"),
  );
  if (total("missing") + total("corrupt") + total("wrong") > 0) process.exitCode = 1;
}

interface FaultPlan {
  root: string;
  fingerprints: readonly string[];
  wanted: number;
}

async function injectFaults(
  name: string,
  server: StoreServer,
  { root, fingerprints: all, wanted }: FaultPlan,
): Promise<FaultCount> {
  const count: FaultCount = {
    name,
    pushes: 0,
    faults: 0,
    kills: 0,
    pointed: 0,
    missing: 0,
    corrupt: 0,
    pulls: 0,
    pulled: 0,
    pullFaults: 0,
    wrong: 0,
  };
  await using folder = await scratchFolder("bench-faults");
  // Most of the time goes into waiting before a request is sent again.
  const lane = async () => {
    while (count.faults < wanted) {
      // The largest takes most of the time, and is among those of each eighth push.
      const fingerprints = count.pushes % 8 === 0 ? all : all.slice(0, -1);
      const push = `push${count.pushes++}`;
      const pointer = join(folder.path, push);
      const kill = Math.random() < killed;
      const faults = await pushThroughFaults(server, push, { root, fingerprints, pointer }, kill);
      count.faults += faults;
      if (kill) count.kills += 1;
      process.stderr.write(`\r${name}: ${count.faults} faults, ${count.missing} missing, ${count.corrupt} corrupt   `);
      await look(server, push, { fingerprints, pointer }, count);
      if (existsSync(pointer)) await pullThroughFaults(server, push, { root, fingerprints }, count);
    }
  };
  await Promise.all(Array.from({ length: 6 }, lane));
  return count;
}

type Push = Pick<PushJob, "root" | "fingerprints" | "pointer">;

/** Gives the number of faults, a kill included. */
async function pushThroughFaults(server: StoreServer, push: string, job: Push, kill: boolean): Promise<number> {
  const faults = await throughFaults(server, push, kinds, (way) => run({ ...job, ...way }, kill));
  return faults + Number(kill);
}

/** Gives the number of faults. */
async function throughFaults(
  server: StoreServer,
  push: string,
  among: readonly Fault[],
  work: (way: Pick<PushJob, "config" | "env">) => Promise<void>,
): Promise<number> {
  if (server.endpoint === null) {
    const env = server.env();
    const url = new URL(env.SHOP_URL ?? "");
    await using proxy = await startCuttingProxy(Number(url.port), () =>
      Math.random() < 0.7 ? Math.random() ** 3 * 6e5 : null,
    );
    url.port = String(proxy.port);
    await work({ config: server.config(push), env: { ...env, SHOP_URL: url.href } });
    return proxy.cuts();
  }
  const pick = () => (Math.random() < failing ? among[Math.floor(Math.random() * among.length)]! : null);
  await using proxy = await startFaultyProxy(server.endpoint, pick);
  await work({ config: server.config(push, proxy.endpoint), env: server.env(proxy.endpoint) });
  return proxy.faults();
}

/** As another machine that has nothing yet, several times; what it has then must be what was pushed. */
async function pullThroughFaults(
  server: StoreServer,
  push: string,
  { root, fingerprints }: Omit<Push, "pointer">,
  count: FaultCount,
): Promise<void> {
  const own = openDatasetStore(join(root, ".mergeml/store"));
  count.pullFaults += await throughFaults(server, push, pullKinds, async (way) => {
    await using folder = await scratchFolder("bench-pull");
    const store = storeOf({ ...way, root: folder.path });
    await using _remote = store.shared!.remote;
    for (const fingerprint of fingerprints) {
      count.pulls += 1;
      await store.path(fingerprint).catch(() => {});
      if (!(await store.isHere(fingerprint))) continue;
      count.pulled += 1;
      if (await differ(await store.path(fingerprint), own, fingerprint)) count.wrong += 1;
    }
  });
}

/** A file that another program wrote of the same rows is no other dataset. */
async function differ(file: string, own: DatasetStore, fingerprint: string): Promise<boolean> {
  if ((await hashFile(file)) === (await hashFile(await own.path(fingerprint)))) return false;
  return (await differsFrom(await own.ref(fingerprint), file)) !== null;
}

/** A push that fails is what happens: what it leaves is looked at. */
async function run(job: PushJob, kill: boolean): Promise<void> {
  if (!kill) return pushAndPoint(job).catch(() => {});
  const child = fork(join(import.meta.dirname, "push-process.ts"), { stdio: "ignore" });
  child.send(job);
  const timer = setTimeout(() => child.kill("SIGKILL"), 300 + Math.random() * 2_500);
  await once(child, "exit");
  clearTimeout(timer);
}

/** As another machine sees it, without any fault. */
async function look(
  server: StoreServer,
  push: string,
  { fingerprints, pointer }: Omit<Push, "root">,
  count: FaultCount,
): Promise<void> {
  await using folder = await scratchFolder("bench-machine");
  const store = storeOf({ config: server.config(push), env: server.env(), root: folder.path });
  await using remote = store.shared!.remote;
  const there = new Set<string>();
  for await (const { name } of remote.list()) {
    const isSound = await store.path(name).then(
      () => true,
      () => false,
    );
    if (isSound) there.add(name);
    else count.corrupt += 1;
  }
  if (!existsSync(pointer)) return;
  count.pointed += 1;
  if (fingerprints.some((fingerprint) => !there.has(fingerprint))) count.missing += 1;
}
