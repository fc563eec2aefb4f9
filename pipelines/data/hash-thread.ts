import { createHash } from "node:crypto";
import { parentPort } from "node:worker_threads";
import type { HashRequest } from "./running-hash.ts";

// A thread of its own: hashing takes as long as receiving, and a machine with two cores does both at once.
const port = parentPort;
if (!port) throw new Error("This is the thread that hashes what arrives; it is started by running-hash.ts.");
let hash = createHash("sha256");
port.on("message", (request: HashRequest) => {
  if (request instanceof Uint8Array) hash.update(request);
  else if (request === "restart") hash = createHash("sha256");
  port.postMessage(request === "digest" ? hash.digest("hex") : "");
});
