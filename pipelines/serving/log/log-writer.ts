import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { stopWriting, type WriterData, type WriterReply, type WriterRequest } from "./writer-protocol.ts";

/** Milliseconds that the end waits for the thread, and until one that died is started again. */
const [patience, restart] = [5000, 5000];

/** The thread that writes, started when it is first needed and again after it ended. */
export class LogWriter implements AsyncDisposable {
  readonly #data: WriterData;
  readonly #told: (reply: WriterReply) => void;
  readonly #ended: (problem: string) => void;
  #worker: Worker | null = null;
  #closing = false;
  #problem = "";
  /** Until when it is not started again. */
  #restAt = 0;

  /** `ended` is told when the thread died with all it had. */
  constructor(data: WriterData, told: (reply: WriterReply) => void, ended: (problem: string) => void) {
    this.#data = data;
    this.#told = told;
    this.#ended = ended;
  }

  /** Starts the thread, which first removes what writers that are gone left behind. */
  start(): void {
    this.#thread();
  }

  /** Numbers are handed over, not copied. */
  ask(request: WriterRequest): void {
    if (!this.#worker && performance.now() < this.#restAt) {
      // It has just died, and would again.
      queueMicrotask(() => this.#told({ id: request.id, kind: "lost", problem: this.#problem }));
      return;
    }
    const columns = request.kind === "append" ? request.columns : [];
    const handed = columns.flatMap((column) => {
      if (column === null) return [];
      return ["text" in column ? column.lengths.buffer : column.buffer] as ArrayBuffer[];
    });
    this.#thread().postMessage(request, handed);
  }

  /** Lets the process end although the thread waits for rows, or not. */
  mayEnd(may: boolean): void {
    if (may) this.#worker?.unref();
    else this.#worker?.ref();
  }

  #thread(): Worker {
    if (this.#worker) return this.#worker;
    const worker = new Worker(new URL("./writer-thread.ts", import.meta.url), { workerData: this.#data });
    this.#problem = "the thread that writes ended";
    worker.on("message", this.#told);
    worker.on("error", (error) => (this.#problem = `the thread that writes ended: ${error.message}`));
    worker.on("exit", () => {
      if (this.#worker === worker) this.#worker = null;
      this.#restAt = performance.now() + restart;
      if (!this.#closing) this.#ended(this.#problem);
    });
    worker.unref();
    this.#worker = worker;
    return worker;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing = true;
    const worker = this.#worker;
    if (!worker) return;
    const ended = once(worker, "exit");
    worker.postMessage(stopWriting);
    await Promise.race([ended, sleep(patience, undefined, { ref: false })]);
  }
}
