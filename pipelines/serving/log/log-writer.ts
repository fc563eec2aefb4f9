import { Worker } from "node:worker_threads";
import type { WriterData, WriterReply, WriterRequest } from "./writer-protocol.ts";

/** The thread that writes, started when it is first needed and again after it ended. */
export class LogWriter implements AsyncDisposable {
  readonly #data: WriterData;
  readonly #told: (reply: WriterReply) => void;
  readonly #ended: (problem: string) => void;
  #worker: Worker | null = null;
  #closing = false;

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
    const columns = request.kind === "append" ? request.columns : [];
    const handed = columns.flatMap((column) => (column instanceof Float64Array ? [column.buffer as ArrayBuffer] : []));
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
    let problem = "the thread that writes ended";
    worker.on("message", this.#told);
    worker.on("error", (error) => (problem = `the thread that writes ended: ${error.message}`));
    worker.on("exit", () => {
      if (this.#worker === worker) this.#worker = null;
      if (!this.#closing) this.#ended(problem);
    });
    worker.unref();
    this.#worker = worker;
    return worker;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing = true;
    await this.#worker?.terminate();
  }
}
