import { Worker } from "node:worker_threads";
import type { FeatureColumn } from "../../data/table.ts";
import type { Log } from "../../ports/host.ts";
import type { ModelSignature } from "../../training/onnx/session.ts";
import type { Predictions } from "../../training/trainer.ts";

/** What a thread that scores is asked for. It does one thing after the other. */
export type ScoringRequest =
  | { kind: "open"; model: number; bytes: Uint8Array; signature: ModelSignature }
  | { kind: "score"; model: number; id: number; features: readonly FeatureColumn[] }
  | { kind: "close"; model: number };

/** Scores of all rows, or why there are none. */
export type ScoringReply = { id: number; values: Float32Array } | { id: number; error: string };

/** A model that threads may score with. */
interface ThreadModel {
  /** Rows are told apart from what the caller goes on using: numbers are handed over, codes are copied. */
  score(features: readonly FeatureColumn[]): Promise<Predictions>;
  /** Opens it where threads run already, so that its first rows need not wait. */
  prepare(): void;
  close(): void;
}

/** Scores large batches beside the thread that answers. */
export interface ScoringThreads extends AsyncDisposable {
  model(bytes: Uint8Array, signature: ModelSignature): ThreadModel;
  /** Threads that died since the start. */
  lost(): number;
}

interface ScoringThreadsOptions {
  /** Threads at most; they start when they are first needed. */
  most: number;
  log: Log;
  /** Another program for them, in tests. */
  program?: URL;
}

/** With so many threads at most, each started by the first batch that the others have no time for. */
export function openScoringThreads({ most, log, program }: ScoringThreadsOptions): ScoringThreads {
  const threads: Thread[] = [];
  let [next, lost] = [0, 0];
  const file = program ?? new URL("./scoring-thread.ts", import.meta.url);
  const idle = (): Thread => {
    const first = threads.toSorted((a, b) => a.waiting() - b.waiting())[0];
    if (first && (first.waiting() === 0 || threads.length >= most)) return first;
    const started = openThread(file, (problem) => {
      threads.splice(threads.indexOf(started), 1);
      lost += 1;
      log.warn(`a thread that scores large batches ended, the next batch starts another: ${problem}`);
    });
    threads.push(started);
    return started;
  };
  return {
    model(bytes, signature) {
      const model = { number: next++, bytes, signature };
      return {
        async score(features) {
          const rows = rowsOf(features); // counted before the numbers are handed over
          const values = await idle().score(model, features);
          return { rows, classes: signature.classes, values };
        },
        prepare() {
          for (const thread of threads) thread.open(model);
        },
        close() {
          for (const thread of threads) thread.close(model.number);
        },
      };
    },
    lost: () => lost,
    async [Symbol.asyncDispose]() {
      await Promise.all(threads.map((thread) => thread.end()));
    },
  };
}

function rowsOf([first]: readonly FeatureColumn[]): number {
  return (first?.kind === "category" ? first.codes : first?.values)?.length ?? 0;
}

interface OpenableModel {
  number: number;
  bytes: Uint8Array;
  signature: ModelSignature;
}

interface Thread {
  /** Values that it was asked for and has not told yet. */
  waiting(): number;
  open(model: OpenableModel): void;
  score(model: OpenableModel, features: readonly FeatureColumn[]): Promise<Float32Array>;
  close(model: number): void;
  end(): Promise<void>;
}

/** `ended` is told when it died, whose batches have failed by then. */
function openThread(program: URL, ended: (problem: string) => void): Thread {
  const worker = new Worker(program);
  const asked = new Map<number, PromiseWithResolvers<Float32Array> & { rows: number }>();
  const models = new Set<number>();
  let [next, rows, problem, isEnding] = [0, 0, "it exited", false];
  const post = (request: ScoringRequest, handed: ArrayBuffer[] = []) => worker.postMessage(request, handed);
  const open = ({ number: model, bytes, signature }: OpenableModel) => {
    if (models.has(model)) return;
    models.add(model);
    post({ kind: "open", model, bytes, signature });
  };
  worker.unref();
  worker.on("message", (reply: ScoringReply) => {
    const { resolve, reject, rows: own } = asked.get(reply.id)!;
    asked.delete(reply.id);
    rows -= own;
    if ("error" in reply) reject(new Error(reply.error));
    else resolve(reply.values);
  });
  worker.on("error", (error) => (problem = error.message));
  worker.on("exit", () => {
    if (!isEnding) ended(problem);
    for (const { reject } of asked.values()) reject(new Error(`the thread that scored them ended: ${problem}`));
    asked.clear();
  });
  return {
    waiting: () => rows,
    open,
    score(model, features) {
      open(model);
      const answer = { ...Promise.withResolvers<Float32Array>(), rows: rowsOf(features) };
      asked.set(next, answer);
      rows += answer.rows;
      const numbers = features.flatMap((column) => (column.kind === "category" ? [] : [column.values.buffer]));
      post({ kind: "score", model: model.number, id: next++, features }, numbers as ArrayBuffer[]);
      return answer.promise;
    },
    close(model) {
      if (models.delete(model)) post({ kind: "close", model });
    },
    async end() {
      isEnding = true;
      await worker.terminate();
    },
  };
}
