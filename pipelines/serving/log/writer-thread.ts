import { parentPort, workerData } from "node:worker_threads";
import { openTableWriter } from "./table-writer.ts";
import { stopWriting, type WriterData, type WriterReply, type WriterRequest } from "./writer-protocol.ts";

// A thread of its own: filling tables and compressing files must not keep answers waiting.
const port = parentPort;
if (!port) throw new Error("This is the thread that writes the prediction log; it is started by log-writer.ts.");
const opened = openTableWriter(workerData as WriterData);
let queue: Promise<unknown> = opened;
port.on("message", (request: WriterRequest | typeof stopWriting) => {
  if (request === stopWriting) {
    // The engine does not outlive a thread that is ended from outside while it works: it takes the process with it.
    void opened.then((writer) => writer.stop(queue)).finally(() => port.close());
    return;
  }
  queue = queue.then(async () => {
    const reply = await (await opened).serve(request);
    if (reply !== null) port.postMessage(reply satisfies WriterReply);
  });
});
