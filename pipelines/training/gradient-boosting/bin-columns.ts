import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { type Bins, binNumbers } from "./binning.ts";

/** Fewer cells (rows × columns) are binned sooner by one thread than others are started. */
const CELLS_PER_THREAD = 2e6;

/** A column of numbers, and where its codes go: memory that threads share. */
export interface NumbersToBin {
  values: Float32Array;
  codes: Uint8Array;
  most: number;
  seed: number;
}

/** Bins every column; the columns are spread over at most `threads` threads, which changes no bin. */
export async function binColumns(columns: readonly NumbersToBin[], threads: number): Promise<Bins[]> {
  const cells = columns.reduce((sum, { values }) => sum + values.length, 0);
  const workers = Math.min(threads, columns.length, Math.floor(cells / CELLS_PER_THREAD));
  if (workers < 2) return columns.map(({ values, codes, most, seed }) => binNumbers(values, most, codes, seed));
  const bins = new Array<Bins>(columns.length);
  const entries = columns.entries();
  await Promise.all(Array.from({ length: workers }, () => binWithWorker(entries, bins)));
  return bins;
}

/** Takes columns, one at a time, until none is left, and has a thread of its own bin them. */
async function binWithWorker(entries: Iterable<[number, NumbersToBin]>, bins: Bins[]): Promise<void> {
  const worker = new Worker(new URL("./binning-worker.ts", import.meta.url));
  const ended = once(worker, "exit").then(() => {
    throw new Error("A thread that bins columns ended before its work was done.");
  });
  ended.catch(() => {});
  try {
    for (const [index, column] of entries) {
      const answer = once(worker, "message");
      worker.postMessage(column);
      [bins[index]] = (await Promise.race([answer, ended])) as [Bins];
    }
  } finally {
    await worker.terminate();
  }
}
