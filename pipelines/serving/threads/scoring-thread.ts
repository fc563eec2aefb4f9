import { parentPort } from "node:worker_threads";
import { openLevelModel, type ScoringModel } from "../../training/onnx/session.ts";
import { openWarmModel } from "../model/load-model.ts";
import type { ScoringReply, ScoringRequest } from "./scoring-threads.ts";

// A thread of its own: ONNX Runtime scores in the thread that asks it, and thousands of rows would keep all other answers waiting.
const port = parentPort!;
const models = new Map<number, Promise<ScoringModel>>();
const inWords = (error: unknown) => (error instanceof Error ? error.message : String(error));

async function open({ bytes, signature }: Extract<ScoringRequest, { kind: "open" }>): Promise<ScoringModel> {
  if (!(bytes.buffer instanceof SharedArrayBuffer)) return openWarmModel(bytes, signature);
  // The runtime takes nothing of memory that threads share, and the collector would leave the copy for long.
  const own = new Uint8Array(bytes);
  try {
    return await openWarmModel(own, signature, openLevelModel);
  } finally {
    own.buffer.transfer(0);
  }
}

async function serve(request: ScoringRequest): Promise<void> {
  const { model } = request;
  if (request.kind === "open") {
    const opened = open(request);
    opened.catch(() => undefined); // told to whoever asks it for scores
    models.set(model, opened);
  } else if (request.kind === "close") {
    const opened = models.get(model);
    models.delete(model);
    await opened?.then(
      (each) => each.close(),
      () => undefined,
    );
  } else {
    const { id, features } = request;
    try {
      const { values } = await (await models.get(model)!).predict(features);
      port.postMessage({ id, values } satisfies ScoringReply, [values.buffer as ArrayBuffer]);
    } catch (error) {
      port.postMessage({ id, error: inWords(error) } satisfies ScoringReply);
    }
  }
}

let last = Promise.resolve();
port.on("message", (request: ScoringRequest) => {
  last = last.then(() => serve(request));
});
