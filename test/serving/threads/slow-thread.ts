import { existsSync } from "node:fs";
import { parentPort } from "node:worker_threads";
import "../../../pipelines/serving/threads/scoring-thread.ts";

const still = new Int32Array(new SharedArrayBuffer(4));

// The real thread, but that 400 rows wait while a file is there, and it dies of 413.
parentPort!.on("message", ({ features }: { features?: readonly { values: { length: number } }[] }) => {
  const rows = features?.[0]?.values.length;
  if (rows === 413) throw new Error("thirteen");
  for (let tries = 0; rows === 400 && tries < 1000 && existsSync(process.env.MERGEML_TEST_GATE!); tries++)
    Atomics.wait(still, 0, 0, 20);
});
