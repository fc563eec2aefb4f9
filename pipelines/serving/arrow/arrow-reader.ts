import { Worker } from "node:worker_threads";
import type { RowBatch } from "../row-batch.ts";
import { type CellProblem, RefusedRequest } from "../rows/refused-request.ts";
import type { RowSignature } from "../rows/row-signature.ts";

export interface ArrowRequest {
  body: Uint8Array;
  signature: RowSignature;
}

export type ArrowReply =
  | { batch: RowBatch }
  | { refused: { status: number; message: string; problems: readonly CellProblem[] } };

/** Reads Arrow bodies away from everything else: a few bytes can say that billions follow, and their library believes it. */
export interface ArrowReader extends AsyncDisposable {
  /** Throws RefusedRequest for what is no Arrow, is not what the model takes, or takes too long to be read. */
  read(body: Buffer, signature: RowSignature): Promise<RowBatch>;
}

/** The thread is started by the first body, and again after one that it did not survive. */
export function openArrowReader(limits: { milliseconds: number; megabytes: number }): ArrowReader {
  let worker: Worker | null = null;
  let last: Promise<unknown> = Promise.resolve();
  const thread = () => {
    if (worker) return worker;
    const resourceLimits = { maxOldGenerationSizeMb: limits.megabytes };
    worker = new Worker(new URL("./arrow-thread.ts", import.meta.url), { resourceLimits });
    worker.unref();
    return worker;
  };
  const read = async (request: ArrowRequest): Promise<RowBatch> => {
    const asked = thread();
    const { promise, resolve } = Promise.withResolvers<ArrowReply | null>();
    const timer = setTimeout(() => resolve(null), limits.milliseconds);
    const fail = () => resolve(null);
    asked.once("message", resolve).once("error", fail).once("exit", fail);
    asked.postMessage(request);
    const reply = await promise;
    clearTimeout(timer);
    asked.off("message", resolve).off("error", fail).off("exit", fail);
    if (reply === null) {
      worker = null;
      asked.on("error", () => undefined);
      await asked.terminate();
      throw new RefusedRequest(400, "the body is no Arrow IPC stream that can be read");
    }
    if ("batch" in reply) return reply.batch;
    const { status, message, problems } = reply.refused;
    throw new RefusedRequest(status, message, problems);
  };
  return {
    // One at a time: a body that ends the thread takes nobody else's rows with it.
    read(body, signature) {
      const done = last.then(() => read({ body: new Uint8Array(body), signature }));
      last = done.catch(() => undefined);
      return done;
    },
    async [Symbol.asyncDispose]() {
      await worker?.terminate();
    },
  };
}
