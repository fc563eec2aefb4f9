import { createHash, randomBytes } from "node:crypto";
import { open, rm } from "node:fs/promises";
import { loadavg } from "node:os";
import { join } from "node:path";
import { hashFile } from "../../../pipelines/data/hash-file.ts";
import type { RemoteStore } from "../../../pipelines/data/stores/remote-store.ts";
import { openStore } from "../../../pipelines/data/stores.ts";
import { systemClock } from "../../../pipelines/ports/clock.ts";
import { silentLog } from "../../../pipelines/ports/log.ts";
import { startS3 } from "../../../test/servers/object-storage.ts";
import { startRegistry } from "../../../test/servers/registry.ts";
import { scratchFolder } from "../../../test/servers/start-server.ts";
import { machine, tellSection } from "../page.ts";
import { type PlainTransfer, plainRegistry, plainS3 } from "./plain-transfer.ts";

const megabyte = 1024 * 1024;
const rounds = 3;

interface Measured {
  push: number;
  pull: number;
}

interface Compared {
  name: string;
  ours: Measured;
  plain: Measured;
}

/** Pushes and pulls a file of so many megabytes, and the same by the plainest requests; the best of three, in turns. */
export async function tellStores(megabytes: number): Promise<void> {
  await using folder = await scratchFolder("bench-stores");
  const file = join(folder.path, "content");
  await writeRandom(file, megabytes);
  await changeFirst(file, 0);
  const compared = [await compareS3(folder.path, file, megabytes), await compareRegistry(folder.path, file, megabytes)];
  const lines = compared.flatMap(({ name, ours, plain }) =>
    (["push", "pull"] as const).map((way) => {
      const ratio = ours[way] / plain[way];
      return `| ${name} | ${way} | ${ours[way].toFixed(1)} s | ${plain[way].toFixed(1)} s | ${ratio.toFixed(2)} | ${ratio <= 1.3 ? "yes" : "**no**"} |`;
    }),
  );
  tellSection(
    "Stores: push and pull of one large item",
    [
      machine(),
      "",
      `A file of ${megabytes} MB of random bytes, to versitygw and to Debian's docker-registry on this machine, which had a load of`,
      `${loadavg()[0]!.toFixed(0)} when this ended. Ours computes the SHA-256 of what it sends and of what it receives, meanwhile; the plain`,
      `way is curl, in one request each, which checks nothing. The best of ${rounds}, in turns. The goal is 1.3 times.`,
      "",
      "| store | way | mergeml | plain | ratio | goal |",
      "|---|---|---|---|---|---|",
      ...lines,
    ].join("\n"),
  );
}

async function writeRandom(path: string, megabytes: number): Promise<void> {
  await using file = await open(path, "w");
  for (let at = 0; at < megabytes; at += 16) await file.write(randomBytes(Math.min(16, megabytes - at) * megabyte));
}

function storeAt(address: string, root: string, env: Readonly<Record<string, string>>): RemoteStore {
  const options = { root, env, repository: async () => "bench", sources: {}, clock: systemClock, log: silentLog };
  return openStore(address, options).shared!.remote;
}

async function compareS3(root: string, file: string, megabytes: number): Promise<Compared> {
  await using server = await startS3();
  const remote = storeAt(server.address("bench"), root, server.env);
  const { AWS_ACCESS_KEY_ID: accessKeyId = "", AWS_SECRET_ACCESS_KEY: secretAccessKey = "" } = server.env;
  const plain = plainS3(`${server.endpoint}/acme-models/plain`, { accessKeyId, secretAccessKey });
  return { name: "S3", ...(await inTurns(root, file, megabytes, { remote, plain: () => plain })) };
}

async function compareRegistry(root: string, file: string, megabytes: number): Promise<Compared> {
  await using server = await startRegistry();
  const host = new URL(server.endpoint).host;
  const env = { DOCKER_AUTH_CONFIG: server.auth([host]) };
  const remote = storeAt(`oci://${host}/bench/ours`, root, env);
  const basic = `Basic ${Buffer.from(`ada:${server.password}`).toString("base64")}`;
  const digest = await hashFile(file);
  // Each round has a repository of its own: a registry that has a blob is sent nothing.
  const plain = (round: number) => plainRegistry(`${server.endpoint}/v2/bench/plain-${round}`, basic, digest);
  return { name: "OCI registry", ...(await inTurns(root, file, megabytes, { remote, plain })) };
}

interface Both {
  remote: RemoteStore;
  plain(round: number): PlainTransfer;
}

async function inTurns(
  root: string,
  file: string,
  megabytes: number,
  { remote, plain }: Both,
): Promise<Pick<Compared, "ours" | "plain">> {
  const bytes = megabytes * megabyte;
  const best = { ours: { push: Infinity, pull: Infinity }, plain: { push: Infinity, pull: Infinity } };
  const back = join(root, "back");
  const take = async (who: Measured, way: keyof Measured, work: () => Promise<unknown>) => {
    const started = performance.now();
    await work();
    who[way] = Math.min(who[way], (performance.now() - started) / 1000);
  };
  for (let round = 0; round < rounds; round += 1) {
    const simple = plain(round);
    await take(best.plain, "push", () => simple.send(file));
    await take(best.plain, "pull", () => simple.receive(back));
    await rm(back);
    // Its first bytes differ in each round, so that the content is new.
    await changeFirst(file, round);
    const name = `sha256:${createHash("sha256").update(`${round}`).digest("hex")}`;
    await take(best.ours, "push", async () => {
      const sha256 = hashFile(file); // while it is sent, as a push does
      await remote.put({ name, bytes, sha256, ref: null, labels: { repositories: ["bench"] } }, file, root);
    });
    const item = (await remote.find(name))!;
    await take(best.ours, "pull", async () => {
      const received = await remote.get(item, back);
      if (received?.sha256 !== item.sha256) throw new Error("it came back changed");
    });
    await rm(back);
    await changeFirst(file, 0);
  }
  return best;
}

async function changeFirst(path: string, round: number): Promise<void> {
  await using file = await open(path, "r+");
  await file.write(Buffer.from([round]), 0, 1, 0);
}
