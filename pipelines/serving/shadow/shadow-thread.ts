import { parentPort, workerData } from "node:worker_threads";
import { openWarmModel } from "../model/load-model.ts";
import { openScoringQueue } from "../model/scoring-queue.ts";
import type { ShadowReply, ShadowRows, ShadowStart } from "./load-shadow.ts";

// A thread of its own: a model that is slow, or fails, or takes the thread with it, touches nothing that answers.
const port = parentPort!;
const { bytes, signature } = workerData as ShadowStart;
const reply = (message: ShadowReply) => port.postMessage(message);
const inWords = (error: unknown) => (error instanceof Error ? error.message : String(error));

try {
  const score = openScoringQueue(await openWarmModel(bytes, signature));
  port.on("message", ({ id, batch }: ShadowRows) => {
    score(batch).then(
      ({ rows, values }) => reply({ id, rows, values: values.slice() }),
      (error: unknown) => reply({ id, error: inWords(error) }),
    );
  });
  reply({ id: 0, rows: 0, values: new Float32Array() });
} catch (error) {
  reply({ id: 0, error: inWords(error) });
  port.close();
}
