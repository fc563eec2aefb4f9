// A thread that divides columns into bins, one after the other, as they are sent.
import { parentPort } from "node:worker_threads";
import { binNumbers, type NumbersToBin } from "./bin-columns.ts";

parentPort!.on("message", ({ values, codes, most, seed }: NumbersToBin) => {
  parentPort!.postMessage(binNumbers(values, most, codes, seed));
});
