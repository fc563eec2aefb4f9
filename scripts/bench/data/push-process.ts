import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { parseRepositoryConfig } from "../../../pipelines/config/parse-repository-config.ts";
import type { DatasetStore } from "../../../pipelines/data/dataset-store.ts";
import { openStore } from "../../../pipelines/data/stores.ts";
import { silentLog, systemClock } from "../../../pipelines/ports/host.ts";

/** Datasets of one machine on their way to a store. */
export interface PushJob {
  /** Text of mergeml.yaml. */
  config: string;
  env: Readonly<Record<string, string>>;
  /** Where the datasets are. */
  root: string;
  fingerprints: readonly string[];
  /** Written once all are in the store and were read back, as a deploy writes its pointer. */
  pointer: string;
}

/** The store of a mergeml.yaml, as a machine with `root` has it. */
export function storeOf({ config, env, root }: Pick<PushJob, "config" | "env" | "root">): DatasetStore {
  const { config: read } = parseRepositoryConfig(config, "mergeml.yaml");
  const options = {
    root,
    env,
    repository: async () => "bench",
    sources: read.sources,
    clock: systemClock,
    log: silentLog,
  };
  return openStore(read.store, options);
}

/** Sends, reads back, and then points to what it sent, as a deploy does. */
export async function pushAndPoint(job: PushJob): Promise<void> {
  const { shared } = storeOf(job);
  if (shared === null) throw new Error("the store is a folder");
  await using _remote = shared.remote;
  for (const fingerprint of job.fingerprints) {
    await shared.push(fingerprint);
    await shared.confirm(fingerprint);
  }
  await writeFile(job.pointer, job.fingerprints.join("\n"));
}

/** As a process of its own, which may be killed at any moment. */
if (process.send)
  process.once("message", (job) => void pushAndPoint(job as PushJob).finally(() => process.disconnect()));

interface CuttingProxy extends AsyncDisposable {
  port: number;
  cuts(): number;
}

/** Stands before a server that does not speak HTTP, and cuts each connection after as many bytes as `bytesOf` says; null for never. */
export async function startCuttingProxy(target: number, bytesOf: () => number | null): Promise<CuttingProxy> {
  let cuts = 0;
  const open = new Set<Socket>();
  const server = createServer((incoming) => {
    const onward = connect(target, "127.0.0.1");
    let left = bytesOf() ?? Number.POSITIVE_INFINITY;
    const end = () => {
      incoming.destroy();
      onward.destroy();
    };
    const count = (chunk: Buffer) => {
      left -= chunk.length;
      if (left > 0 || incoming.destroyed) return;
      cuts += 1;
      end();
    };
    for (const socket of [incoming, onward]) {
      open.add(socket);
      socket.on("error", end).on("close", () => {
        open.delete(socket);
        end();
      });
      socket.on("data", count);
    }
    incoming.pipe(onward);
    onward.pipe(incoming);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as { port: number }).port,
    cuts: () => cuts,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
