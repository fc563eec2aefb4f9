import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { open, rm } from "node:fs/promises";
import { loadavg } from "node:os";
import { join } from "node:path";
import { markdownTable } from "markdown-table";
import { hashFile } from "../../../pipelines/data/hash-file.ts";
import type { RemoteStore } from "../../../pipelines/data/stores/remote-store.ts";
import { openStore } from "../../../pipelines/data/stores.ts";
import { silentLog, systemClock } from "../../../pipelines/ports/host.ts";
import { startS3 } from "../../../test/servers/object-storage.ts";
import { startRegistry } from "../../../test/servers/registry.ts";
import { scratchFolder } from "../../../test/servers/start-server.ts";
import { machine, tellSection } from "../page.ts";
import { awsTransfer, orasTransfer, type PlainTransfer, plainRegistry, plainS3 } from "./known-tools.ts";

const megabyte = 1024 * 1024;
const rounds = 5;
const goal = 1.3;

/** Seconds of the clock, and of all processors that were not the server's. */
interface Cost {
  seconds: number;
  processor: number;
}

/** The same file by each way; a registry that has a blob is sent nothing, so a round may have a place of its own. */
interface Compared {
  store: string;
  tool: string;
  ways: Readonly<Record<Way, (round: number) => PlainTransfer>>;
}

const ways = ["ours", "tool", "curl"] as const;
type Way = (typeof ways)[number];

/** Pushes and pulls a file of so many megabytes, and the same by a well-known tool and by the plainest requests, in turns. */
export async function tellStores(megabytes: number): Promise<void> {
  await using folder = await scratchFolder("bench-stores");
  const file = join(folder.path, "content");
  await writeRandom(file, megabytes);
  const lines = [...(await compareS3(folder.path, file)), ...(await compareRegistry(folder.path, file))];
  const head = ["store", "way", "mergeml", "the tool", "ratio", "curl", "ratio", `tool's ≤ ${goal}`];
  tellSection(
    "Stores: push and pull of one large item",
    [
      machine(),
      "",
      `A file of ${megabytes} MB of random bytes, to versitygw and to Debian's docker-registry on this machine and its disk, which had a load of`,
      `${loadavg()[0]!.toFixed(0)} when this ended. Seconds of the clock, and in brackets of the processors without the server's; medians of ${rounds}, in turns. Ours`,
      "computes the SHA-256 of what it sends and of what it receives, meanwhile, as `oras` does; `aws s3 cp` checks what its server gives a",
      "checksum of; curl, in one request each, checks nothing.",
      "",
      markdownTable([head, ...lines]),
    ].join("\n"),
  );
}

async function writeRandom(path: string, megabytes: number): Promise<void> {
  await using file = await open(path, "w");
  for (let at = 0; at < megabytes; at += 16) await file.write(randomBytes(Math.min(16, megabytes - at) * megabyte));
}

/** A push and a pull of ours; each round has an item of its own. */
function oursAt(
  address: string,
  root: string,
  env: Readonly<Record<string, string>>,
): (round: number) => PlainTransfer {
  const options = { root, env, repository: async () => "bench", sources: {}, clock: systemClock, log: silentLog };
  const { remote } = openStore(address, options).shared!;
  return (round) => ourTransfer(remote, root, `sha256:${createHash("sha256").update(`${round}`).digest("hex")}`);
}

function ourTransfer(remote: RemoteStore, root: string, name: string): PlainTransfer {
  return {
    async send(path) {
      const sha256 = hashFile(path); // while it is sent, as a push does
      await using file = await open(path);
      const { size: bytes } = await file.stat();
      await remote.put({ name, bytes, sha256, ref: null, labels: { repositories: ["bench"] } }, path, root);
    },
    async receive(path) {
      const item = (await remote.find(name))!;
      const received = await remote.get(item, path);
      if (received?.sha256 !== item.sha256) throw new Error("it came back changed");
    },
  };
}

async function compareS3(root: string, file: string): Promise<string[][]> {
  await using server = await startS3();
  const { AWS_ACCESS_KEY_ID: accessKeyId = "", AWS_SECRET_ACCESS_KEY: secretAccessKey = "" } = server.env;
  const plain = plainS3(`${server.endpoint}/acme-models/plain`, { accessKeyId, secretAccessKey });
  const aws = awsTransfer("s3://acme-models/tool", server.endpoint, server.env);
  const ours = oursAt(server.address("bench"), root, server.env);
  return await inTurns(root, file, {
    store: "S3",
    tool: "aws s3 cp",
    ways: { ours, tool: () => aws, curl: () => plain },
  });
}

async function compareRegistry(root: string, file: string): Promise<string[][]> {
  await using server = await startRegistry();
  const host = new URL(server.endpoint).host;
  const auth = server.auth([host]);
  const basic = `Basic ${Buffer.from(`ada:${server.password}`).toString("base64")}`;
  return await inTurns(root, file, {
    store: "OCI registry",
    tool: "oras",
    ways: {
      ours: oursAt(`oci://${host}/bench/ours`, root, { DOCKER_AUTH_CONFIG: auth }),
      tool: (round) => orasTransfer(`${host}/bench/tool-${round}:latest`, root, auth),
      curl: (round) => plainRegistry(`${server.endpoint}/v2/bench/plain-${round}`, basic),
    },
  });
}

async function inTurns(root: string, file: string, { store, tool, ways: by }: Compared): Promise<string[][]> {
  const back = join(root, "back");
  const costs = { push: costsOfEach(), pull: costsOfEach() };
  for (let round = 0; round < rounds; round += 1) {
    for (const way of ways) {
      await changeFirst(file); // so that it is new to all
      const transfer = by[way](round);
      costs.push[way].push(await costOf(() => transfer.send(file)));
      costs.pull[way].push(await costOf(() => transfer.receive(back)));
      await rm(back);
    }
  }
  return (["push", "pull"] as const).map((direction) => {
    const [ours, theirs, plain] = ways.map((way) => median(costs[direction][way])) as [Cost, Cost, Cost];
    const ratio = ours.seconds / theirs.seconds;
    const times = (than: Cost) => (ours.seconds / than.seconds).toFixed(2);
    const isMet = ratio <= goal ? "yes" : "**no**";
    return [store, direction, told(ours), `${tool}: ${told(theirs)}`, times(theirs), told(plain), times(plain), isMet];
  });
}

const costsOfEach = (): Record<Way, Cost[]> => ({ ours: [], tool: [], curl: [] });

const told = ({ seconds, processor }: Cost) => `${seconds.toFixed(1)} s (${processor.toFixed(1)})`;

async function costOf(work: () => Promise<void>): Promise<Cost> {
  const [started, before] = [performance.now(), processorSeconds()];
  await work();
  return { seconds: (performance.now() - started) / 1000, processor: processorSeconds() - before };
}

/** Of this process and of those that it started and that have ended: the servers run on. */
function processorSeconds(): number {
  const fields = readFileSync("/proc/self/stat", "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  return fields.slice(11, 15).reduce((all, ticks) => all + Number(ticks) / 100, 0);
}

/** Each part's own. */
function median(costs: readonly Cost[]): Cost {
  const middle = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1]!;
  return { seconds: middle(costs.map((cost) => cost.seconds)), processor: middle(costs.map((cost) => cost.processor)) };
}

async function changeFirst(path: string): Promise<void> {
  await using file = await open(path, "r+");
  await file.write(randomBytes(16), 0, 16, 0);
}
