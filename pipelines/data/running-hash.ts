import { createHash } from "node:crypto";
import { Worker } from "node:worker_threads";

/** What the thread is asked for, one after the other; each is answered by a text, which is the digest's. */
export type HashRequest = Uint8Array | "restart" | "digest";

/** A SHA-256 of bytes that come one after the other. */
export interface RunningHash extends AsyncDisposable {
  /** The bytes may be changed once it is done. */
  update(bytes: Uint8Array): Promise<void>;
  /** Forgets all that came. */
  restart(): Promise<void>;
  /** `sha256:…` of all that came. */
  digest(): Promise<string>;
}

/** For so many bytes it is worth to start a thread. */
const worthAThread = 16 * 1024 * 1024;

/** Begins a hash of about so many bytes: of many in a thread of its own, to which bytes go without a copy when their memory is shared. */
export function startHash(bytes: number): RunningHash {
  return bytes < worthAThread ? hashHere() : hashInThread();
}

function hashHere(): RunningHash {
  let hash = createHash("sha256");
  return {
    update: async (bytes) => void hash.update(bytes),
    async restart() {
      hash = createHash("sha256");
    },
    digest: async () => `sha256:${hash.digest("hex")}`,
    async [Symbol.asyncDispose]() {},
  };
}

interface Waiting {
  resolve(answer: string): void;
  reject(error: Error): void;
}

function hashInThread(): RunningHash {
  const worker = new Worker(new URL("./hash-thread.ts", import.meta.url));
  const waiting: Waiting[] = [];
  let failed: Error | null = null;
  const fail = (error: Error) => {
    failed = error;
    for (const { reject } of waiting.splice(0)) reject(error);
  };
  worker.on("message", (answer: string) => waiting.shift()?.resolve(answer));
  worker.on("error", fail);
  worker.on("exit", () => fail(new Error("the thread that hashes has ended")));
  const ask = (request: HashRequest) =>
    new Promise<string>((resolve, reject) => {
      if (failed) return reject(failed);
      waiting.push({ resolve, reject });
      worker.postMessage(request);
    });
  return {
    update: async (bytes) => void (await ask(bytes)),
    restart: async () => void (await ask("restart")),
    digest: async () => `sha256:${await ask("digest")}`,
    async [Symbol.asyncDispose]() {
      waiting.length = 0; // nobody wants to know any more
      await worker.terminate();
    },
  };
}
