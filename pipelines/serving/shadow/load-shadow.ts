import { Worker } from "node:worker_threads";
import type { VersionRecord } from "../../registry/version-record.ts";
import type { ModelSignature } from "../../training/onnx/session.ts";
import type { Predictions } from "../../training/trainer.ts";
import { openUse } from "../model/load-model.ts";
import { type Placement, type RowBatch, rowSignature, type ServedModel } from "../served-model.ts";

/** What the thread of a shadow begins with. */
export interface ShadowStart {
  bytes: Uint8Array;
  signature: ModelSignature;
}

/** Rows to score. */
export interface ShadowRows {
  id: number;
  batch: RowBatch;
}

/** That it is loaded (id 0), what it says of rows, or why it cannot. */
export type ShadowReply = { id: number; rows: number; values: Float32Array } | { id: number; error: string };

/** Loads a version in a thread of its own, as a shadow. Throws Error when it cannot be loaded or cannot score. */
export async function loadShadow(record: VersionRecord, bytes: Uint8Array, placement: Placement): Promise<ServedModel> {
  const { model: name, version, candidate } = record;
  const { features, classes } = candidate;
  const workerData: ShadowStart = { bytes, signature: { features, classes } };
  const worker = new Worker(new URL("./shadow-thread.ts", import.meta.url), { workerData });
  const waiting = new Map<number, PromiseWithResolvers<Predictions>>();
  let [next, ended] = [0, ""];
  const wait = () => {
    const promise = Promise.withResolvers<Predictions>();
    waiting.set(next, promise);
    return { id: next++, promise: promise.promise };
  };
  worker.on("message", (reply: ShadowReply) => {
    const asked = waiting.get(reply.id);
    waiting.delete(reply.id);
    if ("error" in reply) asked?.reject(new Error(reply.error));
    else asked?.resolve({ rows: reply.rows, classes, values: reply.values });
  });
  const end = (why: string) => {
    ended ||= why;
    for (const asked of waiting.values()) asked.reject(new Error(ended));
    waiting.clear();
  };
  worker.on("error", (error) => end(`the thread of the shadow ended: ${error.message}`));
  worker.on("exit", () => end("the thread of the shadow has ended"));
  const { promise: loaded } = wait();
  await loaded;
  worker.unref();
  return {
    ...{ name, version, record, placement, signature: rowSignature(record) },
    score(batch) {
      if (ended !== "") return Promise.reject(new Error(ended));
      const { id, promise } = wait();
      worker.postMessage({ id, batch } satisfies ShadowRows);
      return promise;
    },
    ...openUse(async () => void (await worker.terminate())),
  };
}
